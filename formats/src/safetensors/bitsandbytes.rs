//! bitsandbytes NF4 and FP4: the flattened matrix in blocks, sixteen levels in the file, and what else there is to know as JSON in a tensor.

use std::borrow::Cow;

use ::safetensors::Dtype;
use q4_kernel_types::{Encoding, ScaleFormat, WeightFormat, layout};
use serde::Deserialize;

use super::{file, tensors::Tensors};
use crate::{Codebook, Decoding, FileError, LayerShape, Parts, grid::grid};

/// What the name of the tensor that holds the scales of blocks ends in; a layer has one.
pub(super) const SCALES: &str = ".weight.absmax";
/// The same, behind the name of the tensor of nibbles.
pub(super) const ABSMAX: &str = "absmax";

/// The tensors of a layer beside its bias and its state.
pub(super) const TENSORS: [&str; 3] = ["weight", "weight.absmax", "weight.quant_map"];

/// A layer of a file.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) shape: LayerShape,
    pub(super) kind: Kind,
    /// Weights of a block of the flattened matrix, which share a scale.
    block: usize,
    /// Where scales are quantised themselves.
    nested: Option<Nested>,
}

/// Which levels there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Nf4,
    Fp4,
}

#[derive(Clone, Copy, Debug)]
struct Nested {
    block: usize,
    offset: f32,
}

/// The JSON of `quant_state`.
#[derive(Deserialize)]
struct State {
    quant_type: Kind,
    blocksize: usize,
    shape: [usize; 2],
    nested_blocksize: Option<usize>,
    nested_offset: Option<f64>,
}

impl Layer {
    /// Reads what tells the layer's shape.
    pub(super) fn of(tensors: &Tensors, name: &str) -> Result<Self, FileError> {
        let prefix = format!("{name}.weight.quant_state.bitsandbytes__");
        let missing = || {
            tensors.malformed(
                &format!("{name}{SCALES}"),
                "its layer has no quant_state of bitsandbytes",
            )
        };
        let (state_name, tensor) = tensors
            .all
            .range(prefix.clone()..)
            .next()
            .filter(|(name, _)| name.starts_with(&prefix))
            .ok_or_else(missing)?;
        let json = tensors.bytes(state_name, &[Dtype::U8], &tensor.shape)?;
        let state: State = serde_json::from_slice(json)
            .map_err(|error| tensors.malformed(state_name, format!("the state cannot be read: {error}")))?;
        let ([n, k], block) = (state.shape, state.blocksize);
        // Blocks count through the flattened matrix. Where they reach over rows, a group is the most that never does, and some have the same scale.
        let whole = block > 0 && k > 0 && k % 2 == 0;
        let shape = whole
            .then(|| file::shape([n, k, k / common_divisor(k, block)]))
            .flatten();
        let shape = shape.ok_or_else(|| {
            let what = format!("blocks of {block} of a matrix {n} x {k}; K must be even, and nothing 0");
            tensors.unsupported(state_name, what)
        })?;
        let nested = match (state.nested_blocksize, state.nested_offset) {
            (Some(0), _) => return Err(tensors.malformed(state_name, "nested_blocksize is 0")),
            (Some(block), Some(offset)) => Some(Nested {
                block,
                offset: offset as f32,
            }),
            (None, None) => None,
            _ => {
                return Err(tensors.malformed(state_name, "nested_blocksize and nested_offset come together"));
            }
        };
        Ok(Self {
            shape,
            kind: state.quant_type,
            block,
            nested,
        })
    }

    /// What kernels must know of the weights.
    pub(super) const WEIGHTS: WeightFormat = WeightFormat {
        encoding: Encoding::Codebook,
        scales: ScaleFormat::F32,
    };

    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Nf4 => "bitsandbytes-nf4",
            Kind::Fp4 => "bitsandbytes-fp4",
        }
    }

    pub(super) fn decode<'a>(&self, tensors: &'a Tensors, name: &str) -> Result<Parts<'a>, FileError> {
        let of = |part: &str| format!("{name}.{part}");
        let (n, k) = (self.shape.n as usize, self.shape.k as usize);
        let group_size = self.shape.group_size as usize;
        let weight = self.nibbles(tensors, &of("weight"))?;
        let map = tensors.floats(&of("weight.quant_map"), &[16])?;
        let levels = <[f32; 16]>::try_from(&*map)
            .map_err(|_| tensors.malformed(&of("weight.quant_map"), "there are sixteen levels"))?;
        // The last block may not be full.
        let scales = self.scales(tensors, name, (n * k).div_ceil(self.block))?;
        Ok(Parts {
            shape: self.shape,
            // The first of two weights is in the high nibble.
            weight: weight
                .iter()
                .map(|byte| byte.rotate_left(4))
                .collect::<Vec<_>>()
                .into(),
            scales: grid(self.shape, |group, row| {
                scales[(row * k + group * group_size) / self.block]
            })
            .into(),
            scale_format: Self::WEIGHTS.scales,
            decoding: Decoding::Codebook(Codebook::new(levels)),
            bias: tensors.bias(name, n)?,
            input_order: None,
        })
    }

    /// The bytes of nibbles. Checkpoints whose tensors are to be of one type (`quant_storage`) have them as if they were numbers of it.
    fn nibbles<'a>(&self, tensors: &'a Tensors, name: &str) -> Result<&'a [u8], FileError> {
        let bytes = layout::weight_bytes(self.shape.n, self.shape.k) as usize;
        let size = match tensors.get(name)?.dtype {
            Dtype::F16 | Dtype::BF16 => 2,
            Dtype::F32 => 4,
            _ => 1,
        };
        let types = [Dtype::U8, Dtype::F16, Dtype::BF16, Dtype::F32];
        tensors.bytes(name, &types, &[bytes / size, 1])
    }

    /// The scale of each block: as it stands, or as a level times the scale of the block of scales, plus an offset, each step rounded to f32 as the
    /// tool does.
    fn scales<'a>(
        &self,
        tensors: &'a Tensors,
        name: &str,
        count: usize,
    ) -> Result<Cow<'a, [f32]>, FileError> {
        let of = |part: &str| format!("{name}.weight.{part}");
        let Some(Nested { block, offset }) = self.nested else {
            return tensors.floats(&of(ABSMAX), &[count]);
        };
        let absmax = tensors.bytes(&of(ABSMAX), &[Dtype::U8], &[count])?;
        let map = tensors.floats(&of("nested_quant_map"), &[256])?;
        let nested = tensors.floats(&of("nested_absmax"), &[count.div_ceil(block)])?;
        let scale = |(index, level): (usize, &u8)| {
            let product = map[usize::from(*level)] * nested[index / block];
            product + offset
        };
        Ok(absmax.iter().enumerate().map(scale).collect())
    }
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
