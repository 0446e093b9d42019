//! GPTQ: words along K, zero points along N, and an index that says which group each input feature is in.

use q4_kernel_types::{Encoding, layout};

use super::{
    config,
    decode::{PER_WORD, nibble, packed},
    file,
    tensors::Tensors,
};
use crate::{
    Decoding, FileError, LayerShape, Parts,
    grid::{from_groups, grid},
};

/// A layer of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    pub(super) shape: LayerShape,
    /// What is added to a stored zero point: 1 in the first version of the format.
    zero_offset: u8,
    /// Whether every zero point is the one of symmetric weights.
    symmetric: bool,
}

/// The tensors of a layer beside its bias.
pub(super) const TENSORS: [&str; 4] = ["qweight", "scales", "qzeros", "g_idx"];

impl Layer {
    /// Reads what tells the layer's shape and encoding.
    pub(super) fn of(tensors: &Tensors, name: &str) -> Result<Self, FileError> {
        let of = |part: &str| format!("{name}.{part}");
        let [rows, n] = tensors.size(&of("qweight"))?;
        let [groups, _] = tensors.size(&of("scales"))?;
        let k = tensors
            .get(&of("g_idx"))?
            .shape
            .first()
            .copied()
            .unwrap_or_default();
        if rows.checked_mul(PER_WORD) != Some(k) {
            let what = format!(
                "{rows} words hold K={k} weights of a column, and as 4 bits they would hold eight a word; layers of 4 bits are read"
            );
            return Err(tensors.unsupported(&of("qweight"), what));
        }
        let shape = file::shape([n, k, groups]).filter(|_| n % PER_WORD == 0);
        let shape = shape.ok_or_else(|| {
            let what = format!("N={n} must be a multiple of {PER_WORD} and K={k} one of its {groups} groups");
            tensors.malformed(&of("qweight"), what)
        })?;
        let zero_offset = u8::from(!config::is_gptq_v2(&tensors.source));
        let word = u32::from(layout::ZERO_POINT - zero_offset) * 0x1111_1111;
        let zeros = tensors.words(&of("qzeros"), &[groups, n / PER_WORD])?;
        Ok(Self {
            shape,
            zero_offset,
            symmetric: zeros.iter().all(|zeros| *zeros == word),
        })
    }

    pub(super) fn encoding(&self) -> Encoding {
        if self.symmetric {
            Encoding::Symmetric
        } else {
            Encoding::ZeroPoint
        }
    }

    pub(super) fn decode<'a>(&self, tensors: &'a Tensors, name: &str) -> Result<Parts<'a>, FileError> {
        let of = |part: &str| format!("{name}.{part}");
        let (n, k) = (self.shape.n as usize, self.shape.k as usize);
        let groups = k / self.shape.group_size as usize;
        let words = tensors.words(&of("qweight"), &[k / PER_WORD, n])?;
        let zeros = tensors.words(&of("qzeros"), &[groups, n / PER_WORD])?;
        let scales = tensors.floats(&of("scales"), &[groups, n])?;
        let order = self.order(tensors, &of("g_idx"), groups)?;
        let feature = |stored: usize| order.as_ref().map_or(stored, |order| order[stored] as usize);
        let decoding = if self.symmetric {
            Decoding::Symmetric
        } else {
            let zero = |group: usize, column: usize| {
                nibble(
                    zeros[group * (n / PER_WORD) + column / PER_WORD],
                    column % PER_WORD,
                ) + self.zero_offset
            };
            Decoding::ZeroPoint(grid(self.shape, zero).into())
        };
        Ok(Parts {
            shape: self.shape,
            weight: packed(n, k, |column, stored| {
                let at = feature(stored);
                nibble(words[at / PER_WORD * n + column], at % PER_WORD)
            })
            .into(),
            scales: from_groups(self.shape, &scales).into(),
            scale_format: tensors.float_format(&of("scales"))?,
            decoding,
            bias: tensors.bias(name, n)?,
            input_order: order.map(Into::into),
        })
    }

    /// The input features sorted by their groups, if they are not so already.
    fn order(&self, tensors: &Tensors, index: &str, groups: usize) -> Result<Option<Vec<u32>>, FileError> {
        let group_of = tensors.words(index, &[self.shape.k as usize])?;
        let mut members = vec![0_u32; groups];
        for (feature, group) in group_of.iter().enumerate() {
            match members.get_mut(*group as usize) {
                Some(count) => *count += 1,
                None => {
                    let what = format!("input feature {feature} is in group {group}, and there are {groups}");
                    return Err(tensors.malformed(index, what));
                }
            }
        }
        let group_size = self.shape.group_size;
        if let Some(group) = members.iter().position(|count| *count != group_size) {
            let what = format!(
                "group {group} has {} input features; groups of one size are read, {group_size} here",
                members[group]
            );
            return Err(tensors.unsupported(index, what));
        }
        if group_of.is_sorted() {
            return Ok(None);
        }
        let mut order: Vec<u32> = (0..self.shape.k).collect();
        order.sort_by_key(|feature| group_of[*feature as usize]);
        Ok(Some(order))
    }
}
