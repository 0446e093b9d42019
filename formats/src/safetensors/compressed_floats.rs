//! compressed-tensors, `nvfp4-pack-quantized` and `mxfp4-pack-quantized`: E2M1 numbers two to a byte along K, with scales of eight bits.

use ::safetensors::Dtype;
use q4_kernel_types::{Encoding, ScaleFormat, WeightFormat};

use super::{compressed_tensors::NIBBLES, file, tensors::Tensors};
use crate::{
    Codebook, Decoding, FileError, LayerShape, Parts,
    grid::from_columns,
    scale::{E2M1, widened},
};

const SCALES: &str = "weight_scale";
/// What all scales of a layer were multiplied by before they were rounded.
const GLOBAL_SCALE: &str = "weight_global_scale";

/// A layer of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    pub(super) shape: LayerShape,
    pub(super) kind: Kind,
}

/// Which scales there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// E4M3, and one for the layer.
    Nvfp4,
    /// E8M0.
    Mxfp4,
}

impl Layer {
    /// Reads what tells the layer's shape, if its nibbles are in bytes: in words they are integers.
    pub(super) fn of(tensors: &Tensors, name: &str) -> Result<Option<Self>, FileError> {
        let of = |part: &str| format!("{name}.{part}");
        if tensors.get(&of(NIBBLES))?.dtype != Dtype::U8 {
            return Ok(None);
        }
        let kind = match tensors.get(&of(SCALES))?.dtype {
            Dtype::U8 => Kind::Mxfp4,
            Dtype::F8_E4M3 => Kind::Nvfp4,
            other => {
                let what = format!(
                    "its layer has four bits in bytes, and its scales are {other:?}; F8_E4M3 and U8 are read"
                );
                return Err(tensors.unsupported(&of(SCALES), what));
            }
        };
        let [n, bytes] = tensors.size(&of(NIBBLES))?;
        let [_, groups] = tensors.size(&of(SCALES))?;
        let shape = bytes.checked_mul(2).and_then(|k| file::shape([n, k, groups]));
        let shape = shape.ok_or_else(|| {
            let what = format!("{n} x {bytes} bytes are no rows of {groups} groups");
            tensors.malformed(&of(SCALES), what)
        })?;
        Ok(Some(Self { shape, kind }))
    }

    pub(super) fn name(self) -> &'static str {
        match self.kind {
            Kind::Nvfp4 => "compressed-tensors nvfp4-pack-quantized",
            Kind::Mxfp4 => "compressed-tensors mxfp4-pack-quantized",
        }
    }

    /// Its tensors beside its bias.
    pub(super) fn tensors(self) -> &'static [&'static str] {
        match self.kind {
            Kind::Nvfp4 => &[NIBBLES, SCALES, GLOBAL_SCALE],
            Kind::Mxfp4 => &[NIBBLES, SCALES],
        }
    }

    /// What kernels must know of the weights. A quotient of an E4M3 number is none: it takes all of an f32.
    pub(super) fn weights(self) -> WeightFormat {
        WeightFormat {
            encoding: Encoding::Codebook,
            scales: match self.kind {
                Kind::Nvfp4 => ScaleFormat::F32,
                Kind::Mxfp4 => ScaleFormat::E8m0,
            },
        }
    }

    pub(super) fn decode<'a>(self, tensors: &'a Tensors, name: &str) -> Result<Parts<'a>, FileError> {
        let of = |part: &str| format!("{name}.{part}");
        let (n, k) = (self.shape.n as usize, self.shape.k as usize);
        let groups = k / self.shape.group_size as usize;
        let weight = tensors.bytes(&of(NIBBLES), &[Dtype::U8], &[n, k / 2])?;
        let scales = |dtype| tensors.bytes(&of(SCALES), &[dtype], &[n, groups]);
        let scales = match self.kind {
            Kind::Mxfp4 => widened(scales(Dtype::U8)?, ScaleFormat::E8m0).into_owned(),
            Kind::Nvfp4 => {
                let global = tensors.floats(&of(GLOBAL_SCALE), &[1])?[0];
                let scales = widened(scales(Dtype::F8_E4M3)?, ScaleFormat::E4m3);
                scales.iter().map(|scale| scale / global).collect()
            }
        };
        Ok(Parts {
            shape: self.shape,
            weight: weight.into(),
            scales: from_columns(self.shape, &scales).into(),
            scale_format: self.weights().scales,
            decoding: Decoding::Codebook(Codebook::new(E2M1)),
            bias: tensors.bias(name, n)?,
            input_order: None,
        })
    }
}
