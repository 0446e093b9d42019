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
    /// Whether a tensor says which group an input is in: left out, groups are consecutive.
    has_index: bool,
    /// Whether every zero point is the one of symmetric weights.
    symmetric: bool,
    scale_format: ScaleFormat,
}

/// The tensors of a layer beside its bias; the last one only where groups are listed, be they in order or not.
const TENSORS: [&str; 4] = ["qweight", "scales", "qzeros", INDEX];
const INDEX: &str = "g_idx";

/// Whether a layer of `qweight`, `qzeros` and `scales` is one of GPTQ: it has the index of groups, or its words are along K, as many to a row as there are outputs.
pub(super) fn is_layer(tensors: &Tensors, name: &str) -> bool {
    let of = |part: &str| tensors.all.get(&format!("{name}.{part}"));
    let columns = |part| of(part).and_then(|tensor| tensor.shape.get(1));
    of(INDEX).is_some()
        || of("qzeros").is_some() && columns("qweight").is_some_and(|words| columns("scales") == Some(words))
}

impl Layer {
    /// Reads what tells the layer's shape and encoding.
    pub(super) fn of(tensors: &Tensors, name: &str) -> Result<Self, FileError> {
        let of = |part: &str| format!("{name}.{part}");
        let [rows, n] = tensors.size(&of("qweight"))?;
        let [groups, _] = tensors.size(&of("scales"))?;
        let index = tensors.all.get(&of(INDEX));
        let k = match index {
            Some(index) => index.shape.first().copied().unwrap_or_default(),
            None => rows.saturating_mul(PER_WORD),
        };
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
        let has_index = index.is_some();
        let zero_offset = u8::from(!config::has_plain_zero_points(tensors.opened()));
        let word = u32::from(layout::ZERO_POINT - zero_offset) * 0x1111_1111;
        let zeros = tensors.words(&of("qzeros"), &[groups, n / PER_WORD])?;
        Ok(Self {
            shape,
            zero_offset,
            has_index,
            symmetric: zeros.iter().all(|zeros| *zeros == word),
            scale_format: tensors.float_format(&of("scales"))?,
        })
    }

    /// Its tensors beside its bias.
    pub(super) fn tensors(&self) -> &'static [&'static str] {
        &TENSORS[..TENSORS.len() - usize::from(!self.has_index)]
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
        let order = match self.has_index {
            true => {
                let group_of = tensors.words(&of(INDEX), &[k])?;
                order::sorted(tensors, &of(INDEX), &group_of, self.shape)?
            }
            false => None,
        };
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
