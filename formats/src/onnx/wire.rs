//! Fields of messages, as the encoding of Protocol Buffers defines them, with their places in the file.

use crate::{FileError, Problem, file::Source};

/// A field of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) number: u64,
    pub(super) value: Value<'a>,
    /// The byte of the file at which its value begins.
    pub(super) at: u64,
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Integer(u64),
    /// A string, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32(u32),
    /// Eight bytes, which no field that is read has.
    Fixed64,
}

/// Bits of a byte of a variable-length integer that count.
const PAYLOAD: u32 = 7;

/// All fields of a message that begins at a byte of the file.
pub(super) fn fields<'a>(
    source: &Source,
    message: &'a [u8],
    begin: u64,
) -> Result<Vec<Field<'a>>, FileError> {
    let (mut fields, mut at) = (Vec::new(), 0);
    while at < message.len() {
        let field = field(message, &mut at).ok_or_else(|| {
            let what = "a field is of no kind that the format has, or reaches past its message";
            source.error(None, begin + at as u64, Problem::Malformed(what.to_owned()))
        })?;
        fields.push(Field {
            at: begin + field.at,
            ..field
        });
    }
    Ok(fields)
}

/// Numbers that may stand alone or packed.
pub(super) fn integers(value: Value<'_>) -> Option<Vec<u64>> {
    match value {
        Value::Integer(number) => Some(vec![number]),
        Value::Bytes(bytes) => {
            let (mut numbers, mut at) = (Vec::new(), 0);
            while at < bytes.len() {
                numbers.push(integer(bytes, &mut at)?);
            }
            Some(numbers)
        }
        Value::Fixed32(_) | Value::Fixed64 => None,
    }
}

/// The field that begins at `at`, which moves behind it.
fn field<'a>(message: &'a [u8], at: &mut usize) -> Option<Field<'a>> {
    let tag = integer(message, at)?;
    let skip = |at: &mut usize, bytes: usize| {
        let value = message.get(*at..at.checked_add(bytes)?)?;
        *at += bytes;
        Some(value)
    };
    let begin = *at;
    let (value, begin) = match tag & 7 {
        0 => (Value::Integer(integer(message, at)?), begin),
        1 => skip(at, 8).map(|_| (Value::Fixed64, begin))?,
        5 => {
            let bytes = skip(at, 4)?.try_into().ok()?;
            (Value::Fixed32(u32::from_le_bytes(bytes)), begin)
        }
        2 => {
            let length = usize::try_from(integer(message, at)?).ok()?;
            let begin = *at;
            (Value::Bytes(skip(at, length)?), begin)
        }
        _ => return None,
    };
    Some(Field {
        number: tag >> 3,
        value,
        at: begin as u64,
    })
}

/// A variable-length integer: seven bits a byte, the lowest first, the highest bit of all but the last byte set.
fn integer(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0;
    for place in (0..u64::BITS).step_by(PAYLOAD as usize) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7F) << place;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_up_to_64_bits_and_no_further() {
        assert_eq!(integer(&[0x96, 0x01], &mut 0), Some(150));
        assert_eq!(integer(&[0x80], &mut 0), None, "it goes on past the end");
        let most = [[0xFF; 9].as_slice(), &[1]].concat();
        assert_eq!(integer(&most, &mut 0), Some(u64::MAX));
        assert_eq!(integer(&[0xFF; 11], &mut 0), None);
        assert_eq!(integers(Value::Bytes(&[1, 0x96, 0x01])), Some(vec![1, 150]));
    }

    #[test]
    fn a_field_ends_within_its_message() {
        assert!(matches!(
            field(&[0x12, 2, b'a', b'b'], &mut 0),
            Some(Field {
                number: 2,
                value: Value::Bytes(b"ab"),
                at: 2
            })
        ));
        assert!(field(&[0x12, 3, b'a', b'b'], &mut 0).is_none());
        assert!(field(&[0x13], &mut 0).is_none(), "groups are of no use to anyone");
    }
}
