//! The header and the table of tensors.

use std::collections::HashSet;

use super::{
    block::{self, Type},
    cursor::Cursor,
};
use crate::{FileError, Problem, file::Source};

/// What every file begins with.
pub(super) const MAGIC: &[u8] = b"GGUF";

/// Where no value of the header says otherwise, the data of tensors begins at multiples of this.
const DEFAULT_ALIGNMENT: u32 = 32;
const ALIGNMENT_KEY: &[u8] = b"general.alignment";
/// As many as ggml has.
const MOST_DIMENSIONS: u32 = 4;
/// Arrays within arrays; real files have none.
const DEEPEST_ARRAY: u32 = 4;

/// One tensor of the table, its extent checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    pub(super) name: String,
    /// Innermost first.
    pub(super) dimensions: Vec<u64>,
    /// The number of its type.
    pub(super) number: u32,
    /// `None` for a number that ggml does not have: its size is unknown and its data is never read.
    pub(super) kind: Option<Type>,
    /// Where its data begins in the file.
    pub(super) offset: u64,
    /// Bytes of its data.
    pub(super) bytes: u64,
    /// Where its entry stands in the table.
    pub(super) entry: u64,
}

/// Reads the table of a file and checks every extent in it.
pub(super) fn read(source: &Source) -> Result<Vec<Tensor>, FileError> {
    let mut cursor = Cursor::new(source, MAGIC.len() as u64);
    let version = cursor.u32("the version")?;
    if !matches!(version, 2 | 3) {
        let what = format!(
            "the version is {version} and 2 or 3 are read, little-endian; convert the file with a current llama.cpp"
        );
        return Err(source.error(None, MAGIC.len() as u64, Problem::Unsupported(what)));
    }
    let tensors = cursor.u64("the number of tensors")?;
    let values = cursor.u64("the number of values")?;
    let mut alignment = DEFAULT_ALIGNMENT;
    for _ in 0..values {
        let key = cursor.string("a key")?;
        let at = cursor.at();
        let kind = cursor.u32("the type of a value")?;
        if key == ALIGNMENT_KEY {
            if kind != U32 {
                let what = format!("general.alignment has type {kind} and is a u32, type {U32}");
                return Err(cursor.malformed(None, at, what));
            }
            alignment = cursor.u32("general.alignment")?;
        } else {
            skip(&mut cursor, kind, 0)?;
        }
    }
    if !alignment.is_power_of_two() {
        let what = format!("general.alignment is {alignment} and must be a power of two");
        return Err(cursor.malformed(None, cursor.at(), what));
    }
    let mut table = Vec::new();
    let mut names = HashSet::new();
    for _ in 0..tensors {
        let tensor = entry(&mut cursor, alignment)?;
        if !names.insert(tensor.name.clone()) {
            let what = "a tensor of this name came before; names must differ".to_owned();
            return Err(cursor.malformed(Some(&tensor.name), tensor.entry, what));
        }
        table.push(tensor);
    }
    let data = cursor.at().next_multiple_of(u64::from(alignment));
    place(source, &mut table, data)?;
    Ok(table)
}

const U32: u32 = 4;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// Bytes of a value whose type has a fixed size.
fn fixed_size(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        U32 | 5 | 6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// Passes over a value.
fn skip(cursor: &mut Cursor<'_>, kind: u32, depth: u32) -> Result<(), FileError> {
    let at = cursor.at();
    match kind {
        STRING => cursor.string("a string").map(drop),
        ARRAY if depth < DEEPEST_ARRAY => {
            let kind = cursor.u32("the type of an array")?;
            let count = cursor.u64("the length of an array")?;
            if let Some(size) = fixed_size(kind) {
                // Saturated, it is more than any file has.
                return cursor.bytes("an array", count.saturating_mul(size)).map(drop);
            }
            // Every element takes bytes of the file, so a count that lies ends with them.
            for _ in 0..count {
                skip(cursor, kind, depth + 1)?;
            }
            Ok(())
        }
        ARRAY => {
            let what = format!("arrays stand in arrays more than {DEEPEST_ARRAY} deep");
            Err(cursor.malformed(None, at, what))
        }
        _ => match fixed_size(kind) {
            Some(size) => cursor.bytes("a value", size).map(drop),
            None => Err(cursor.malformed(
                None,
                at,
                format!("a value has type {kind}, and there are 0 to 12"),
            )),
        },
    }
}

/// One entry of the table; its offset is still that from the begin of the data.
fn entry(cursor: &mut Cursor<'_>, alignment: u32) -> Result<Tensor, FileError> {
    let entry = cursor.at();
    let name = cursor.string("the name of a tensor")?;
    let Ok(name) = std::str::from_utf8(name) else {
        let what = format!(
            "the name of a tensor is not UTF-8: {:?}",
            String::from_utf8_lossy(name)
        );
        return Err(cursor.malformed(None, entry, what));
    };
    let malformed = |cursor: &Cursor<'_>, what| Err(cursor.malformed(Some(name), entry, what));
    let count = cursor.u32("the number of dimensions")?;
    if count == 0 || count > MOST_DIMENSIONS {
        let what = format!("it has {count} dimensions, and tensors have 1 to {MOST_DIMENSIONS}");
        return malformed(cursor, what);
    }
    let dimensions = (0..count)
        .map(|_| cursor.u64("a dimension"))
        .collect::<Result<Vec<_>, _>>()?;
    let number = cursor.u32("the type of a tensor")?;
    let offset = cursor.u64("the offset of a tensor")?;
    let kind = block::of_number(number);
    let row = dimensions.first().copied().unwrap_or_default();
    let bytes = match kind {
        Some(kind) if row % u64::from(kind.elements) != 0 => {
            let what = format!(
                "its rows have {row} elements and blocks of {} have {}; rows must be whole blocks",
                kind.name, kind.elements
            );
            return malformed(cursor, what);
        }
        Some(kind) => dimensions[1..]
            .iter()
            .try_fold(row / u64::from(kind.elements), |product, dimension| {
                product.checked_mul(*dimension)
            })
            .and_then(|blocks| blocks.checked_mul(u64::from(kind.bytes))),
        None => Some(0),
    };
    let Some(bytes) = bytes else {
        return malformed(
            cursor,
            format!("its dimensions {dimensions:?} are more than 2^64 bytes"),
        );
    };
    if dimensions.contains(&0) {
        return malformed(cursor, format!("one of its dimensions {dimensions:?} is 0"));
    }
    if offset % u64::from(alignment) != 0 {
        let what = format!("its offset is {offset}, no multiple of the alignment {alignment}");
        return malformed(cursor, what);
    }
    Ok(Tensor {
        name: name.to_owned(),
        dimensions,
        number,
        kind,
        offset,
        bytes,
        entry,
    })
}

/// Turns offsets from the begin of the data into places in the file, and checks that all are within it and none overlap.
fn place(source: &Source, table: &mut [Tensor], data: u64) -> Result<(), FileError> {
    for tensor in &mut *table {
        let Some(offset) = data.checked_add(tensor.offset) else {
            let what = format!("its offset is {}, beyond any file", tensor.offset);
            return Err(source.error(Some(&tensor.name), tensor.entry, Problem::Malformed(what)));
        };
        tensor.offset = offset;
        source.slice(Some(&tensor.name), "its data", offset, tensor.bytes)?;
    }
    let mut by_place: Vec<&Tensor> = table.iter().filter(|tensor| tensor.bytes != 0).collect();
    by_place.sort_by_key(|tensor| tensor.offset);
    for pair in by_place.windows(2) {
        let [first, second] = [pair[0], pair[1]];
        if second.offset < first.offset + first.bytes {
            let what = format!(
                "its data begins within that of {:?}, which lies from {} to {}",
                first.name,
                first.offset,
                first.offset + first.bytes
            );
            return Err(source.error(Some(&second.name), second.offset, Problem::Malformed(what)));
        }
    }
    Ok(())
}
