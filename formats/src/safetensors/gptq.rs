//! GPTQ: words along K, zero points along N, and an index that says which group each input feature is in.

use q4_kernel_types::{Encoding, ScaleFormat, WeightFormat, layout};

use super::{config, file, order, tensors::Tensors};
use crate::{
    Decoding, FileError, LayerShape, Parts,
    grid::{from_groups, grid},
    nibbles::{PER_WORD, of_word, packed, packed_words},
};

/// A layer of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    pub(super) shape: LayerShape,
    /// What is added to a stored zero point: 1 in the first version of the format.
    zero_offset: u8,
    /// Whether every zero point is the one of symmetric weights.
    symmetric: bool,
    scale_format: ScaleFormat,
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
        let zero_offset = u8::from(!config::is_gptq_v2(tensors.opened()));
        let word = u32::from(layout::ZERO_POINT - zero_offset) * 0x1111_1111;
        let zeros = tensors.words(&of("qzeros"), &[groups, n / PER_WORD])?;
        Ok(Self {
            shape,
            zero_offset,
            symmetric: zeros.iter().all(|zeros| *zeros == word),
            scale_format: tensors.float_format(&of("scales"))?,
        })
    }

    /// What kernels must know of the weights.
    pub(super) fn weights(&self) -> WeightFormat {
        let encoding = match self.symmetric {
            true => Encoding::Symmetric,
            false => Encoding::ZeroPoint,
        };
        WeightFormat {
            encoding,
            scales: self.scale_format,
        }
    }

    pub(super) fn decode<'a>(&self, tensors: &'a Tensors, name: &str) -> Result<Parts<'a>, FileError> {
        let of = |part: &str| format!("{name}.{part}");
        let (n, k) = (self.shape.n as usize, self.shape.k as usize);
        let groups = k / self.shape.group_size as usize;
        let words = tensors.words(&of("qweight"), &[k / PER_WORD, n])?;
        let zeros = tensors.words(&of("qzeros"), &[groups, n / PER_WORD])?;
        let scales = tensors.floats(&of("scales"), &[groups, n])?;
        let group_of = tensors.words(&of("g_idx"), &[k])?;
        let order = order::sorted(tensors, &of("g_idx"), &group_of, self.shape)?;
        let decoding = if self.symmetric {
            Decoding::Symmetric
        } else {
            let zero = |group: usize, column: usize| {
                of_word(
                    zeros[group * (n / PER_WORD) + column / PER_WORD],
                    column % PER_WORD,
                ) + self.zero_offset
            };
            Decoding::ZeroPoint(grid(self.shape, zero).into())
        };
        Ok(Parts {
            shape: self.shape,
            // Words along K are what rows of nibbles are made of, one after the other.
            weight: match &order {
                None => packed_words(n, k, |column, word| words[word * n + column]),
                Some(order) => packed(n, k, |column, stored| {
                    let feature = order[stored] as usize;
                    of_word(words[feature / PER_WORD * n + column], feature % PER_WORD)
                }),
            }
            .into(),
            scales: from_groups(self.shape, &scales).into(),
            scale_format: self.scale_format,
            decoding,
            bias: tensors.bias(name, n)?,
            input_order: order.map(Into::into),
        })
    }
}
