//! compressed-tensors, `pack-quantized`: weights of four bits in words along K, zero points in words along N.

use std::borrow::Cow;

use ::safetensors::Dtype;
use q4_kernel_types::{Encoding, WeightFormat, layout};

use super::{file, order, tensors::Tensors};
use crate::{
    Decoding, FileError, LayerShape, Parts,
    grid::{from_columns, grid},
    nibbles::{PER_WORD, of_bytes, of_word, packed},
};

/// The tensors of a layer beside its bias: those that every layer has, and those of layers that are not symmetric, or that were quantised in order of
/// activation.
const TENSORS: [&str; 5] = [NIBBLES, "weight_scale", "weight_shape", ZERO_POINTS, GROUPS];
/// The nibbles; a layer has one such tensor, whatever its nibbles are.
pub(super) const NIBBLES: &str = "weight_packed";
const ZERO_POINTS: &str = "weight_zero_point";
const GROUPS: &str = "weight_g_idx";

/// A layer of a file.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) shape: LayerShape,
    pub(super) weights: WeightFormat,
    /// Its tensors beside its bias.
    pub(super) tensors: Vec<&'static str>,
}

impl Layer {
    /// Reads what tells the shape of a layer and its encoding.
    pub(super) fn of(tensors: &Tensors, name: &str) -> Result<Self, FileError> {
        let of = |part: &str| format!("{name}.{part}");
        let size = tensors.bytes(&of("weight_shape"), &[Dtype::I64], &[2])?;
        let size: Vec<u64> = size
            .chunks_exact(8)
            .map(|b| u64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
            .collect();
        let [n, words] = tensors.size(&of(NIBBLES))?;
        let [_, groups] = tensors.size(&of("weight_scale"))?;
        let whole = |k: u64| k.div_ceil(PER_WORD as u64) == words as u64;
        let k = match size[..] {
            [rows, k] if rows == n as u64 && whole(k) => usize::try_from(k).unwrap_or_default(),
            _ => {
                let what = format!(
                    "{n} x {words} words hold a matrix of {size:?}, and of 4 bits they would hold {PER_WORD} a word; layers of 4 bits are read"
                );
                return Err(tensors.unsupported(&of(NIBBLES), what));
            }
        };
        let shape = file::shape([n, k, groups]).ok_or_else(|| {
            let what = format!("K={k} is no multiple of its {groups} groups");
            tensors.malformed(&of("weight_scale"), what)
        })?;
        let weights = WeightFormat {
            encoding: match tensors.all.contains_key(&of(ZERO_POINTS)) {
                true => Encoding::ZeroPoint,
                false => Encoding::Symmetric,
            },
            scales: tensors.float_format(&of("weight_scale"))?,
        };
        let there = |part: &&str| tensors.all.contains_key(&of(part));
        Ok(Self {
            shape,
            weights,
            tensors: TENSORS.into_iter().filter(there).collect(),
        })
    }

    pub(super) fn decode<'a>(&self, tensors: &'a Tensors, name: &str) -> Result<Parts<'a>, FileError> {
        let of = |part: &str| format!("{name}.{part}");
        let (n, k) = (self.shape.n as usize, self.shape.k as usize);
        let groups = k / self.shape.group_size as usize;
        let row = k.div_ceil(PER_WORD);
        let nibbles = tensors.nibbles(&of(NIBBLES), &[n, row])?;
        let order = self.order(tensors, &of(GROUPS))?;
        let weight = if order.is_none() && k == row * PER_WORD {
            Cow::Borrowed(nibbles)
        } else {
            let feature = |stored: usize| order.as_ref().map_or(stored, |order| order[stored] as usize);
            packed(n, k, |column, stored| {
                of_bytes(nibbles, column * row * PER_WORD + feature(stored))
            })
            .into()
        };
        let scales = tensors.floats(&of("weight_scale"), &[n, groups])?;
        Ok(Parts {
            shape: self.shape,
            weight,
            scales: from_columns(self.shape, &scales).into(),
            scale_format: self.weights.scales,
            decoding: match self.weights.encoding {
                Encoding::ZeroPoint => {
                    Decoding::ZeroPoint(self.zero_points(tensors, &of(ZERO_POINTS))?.into())
                }
                _ => Decoding::Symmetric,
            },
            bias: tensors.bias(name, n)?,
            input_order: order.map(Into::into),
        })
    }

    /// The zero points as nibbles are stored: 8 more than what they stand for, eight columns to a word or, as the first versions wrote them, a signed
    /// byte each.
    fn zero_points(&self, tensors: &Tensors, name: &str) -> Result<Vec<u8>, FileError> {
        let n = self.shape.n as usize;
        let groups = (self.shape.k / self.shape.group_size) as usize;
        if tensors.get(name)?.dtype != Dtype::I8 {
            let words = tensors.words(name, &[n.div_ceil(PER_WORD), groups])?;
            let zero = |group: usize, column: usize| {
                of_word(words[column / PER_WORD * groups + group], column % PER_WORD)
            };
            return Ok(grid(self.shape, zero));
        }
        let bytes = tensors.bytes(name, &[Dtype::I8], &[n, groups])?;
        let stored = |byte: &u8| {
            let zero = i16::from(byte.cast_signed()) + i16::from(layout::ZERO_POINT);
            u8::try_from(zero).ok().filter(|zero| *zero < 1 << layout::BITS)
        };
        let zeros: Option<Vec<u8>> = bytes.iter().map(stored).collect();
        let zeros = zeros.ok_or_else(|| tensors.malformed(name, "a zero point is not in -8..7"))?;
        Ok(from_columns(self.shape, &zeros))
    }

    /// The order of the inputs, if the layer has one: an index of -1 everywhere stands for none.
    fn order(&self, tensors: &Tensors, name: &str) -> Result<Option<Vec<u32>>, FileError> {
        if !tensors.all.contains_key(name) {
            return Ok(None);
        }
        let group_of = tensors.words(name, &[self.shape.k as usize])?;
        if group_of.iter().all(|group| *group == u32::MAX) {
            return Ok(None);
        }
        order::sorted(tensors, name, &group_of, self.shape)
    }
}
