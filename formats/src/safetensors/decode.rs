//! The conventions, undone into the neutral layout.

use ::safetensors::Dtype;
use q4_kernel_types::{Encoding, ScaleFormat, WeightFormat, layout};

use super::tensors::Tensors;
use crate::{
    Codebook, Decoding, FileError, LayerShape, Parts,
    grid::{from_columns, from_groups, grid},
    nibbles::{PER_WORD, of_word, packed},
    scale::{E2M1, widened},
};

/// A convention of four bits a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convention {
    /// AWQ as its GEMM kernels take it.
    Awq,
    MlxAffine,
    MlxMxfp4,
    MlxNvfp4,
    /// ExecuTorch's `linear_q4gsw`.
    Q4gsw,
}

/// In which nibble of an AWQ word each of eight columns is.
const AWQ_PLACES: [usize; PER_WORD] = [0, 4, 1, 5, 2, 6, 3, 7];

impl Convention {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Awq => "awq",
            Self::MlxAffine => "mlx affine",
            Self::MlxMxfp4 => "mlx mxfp4",
            Self::MlxNvfp4 => "mlx nvfp4",
            Self::Q4gsw => "q4gsw",
        }
    }

    /// What kernels must know of the weights of a layer.
    pub(super) fn weights(self, tensors: &Tensors, layer: &str) -> Result<WeightFormat, FileError> {
        let of = |part: &str| tensors.float_format(&format!("{layer}.{part}"));
        let (encoding, scales) = match self {
            Self::Awq => (Encoding::ZeroPoint, of("scales")?),
            // Numbers that are of two formats are of f32 together.
            Self::MlxAffine if of("biases")? != of("scales")? => (Encoding::Minimum, ScaleFormat::F32),
            Self::MlxAffine => (Encoding::Minimum, of("scales")?),
            Self::MlxMxfp4 => (Encoding::Codebook, ScaleFormat::E8m0),
            Self::MlxNvfp4 => (Encoding::Codebook, ScaleFormat::E4m3),
            Self::Q4gsw => (Encoding::Symmetric, of("scales")?),
        };
        Ok(WeightFormat { encoding, scales })
    }

    /// The tensors of a layer beside its bias; the first holds the nibbles, the second the scales.
    pub(super) fn tensors(self) -> &'static [&'static str] {
        match self {
            Self::Awq => &["qweight", "scales", "qzeros"],
            Self::MlxAffine => &["weight", "scales", "biases"],
            Self::MlxMxfp4 | Self::MlxNvfp4 | Self::Q4gsw => &["weight", "scales"],
        }
    }

    /// N, K and the groups of a row, as the shapes of nibbles and scales have them.
    pub(super) fn dimensions(self, nibbles: [usize; 2], scales: [usize; 2]) -> Option<[usize; 3]> {
        Some(match self {
            Self::Awq => [nibbles[1].checked_mul(PER_WORD)?, nibbles[0], scales[0]],
            Self::Q4gsw => [nibbles[0], nibbles[1].checked_mul(2)?, scales[0]],
            Self::MlxAffine | Self::MlxMxfp4 | Self::MlxNvfp4 => {
                [nibbles[0], nibbles[1].checked_mul(PER_WORD)?, scales[1]]
            }
        })
    }

    pub(super) fn decode<'a>(
        self,
        tensors: &'a Tensors,
        layer: &str,
        shape: LayerShape,
    ) -> Result<Parts<'a>, FileError> {
        let (n, k) = (shape.n as usize, shape.k as usize);
        let groups = k / shape.group_size as usize;
        let padded_n = layout::padded_n(shape.n) as usize;
        let of = |part: &str| format!("{layer}.{part}");
        let codebook = |format| {
            let bytes = tensors.bytes(&of("scales"), &[Dtype::U8], &[n, groups])?;
            let scales = from_columns(shape, &widened(bytes, format));
            Ok::<_, FileError>((scales.into(), format, Decoding::Codebook(Codebook::new(E2M1))))
        };
        let weight = match self {
            Self::Awq => {
                let words = tensors.words(&of("qweight"), &[k, n / PER_WORD])?;
                packed(n, k, |row, at| awq_nibble(&words, n, at, row)).into()
            }
            Self::Q4gsw => tensors.bytes(&of("weight"), &[Dtype::U8], &[n, k / 2])?.into(),
            Self::MlxAffine | Self::MlxMxfp4 | Self::MlxNvfp4 => {
                tensors.nibbles(&of("weight"), &[n, k / PER_WORD])?.into()
            }
        };
        let (scales, scale_format, decoding) = match self {
            Self::MlxMxfp4 => codebook(ScaleFormat::E8m0)?,
            Self::MlxNvfp4 => codebook(ScaleFormat::E4m3)?,
            Self::Awq => {
                let zeros = tensors.words(&of("qzeros"), &[groups, n / PER_WORD])?;
                let zeros = grid(shape, |group, column| awq_nibble(&zeros, n, group, column));
                let scales = tensors.floats(&of("scales"), &[groups, n])?;
                (
                    from_groups(shape, &scales).into(),
                    tensors.float_format(&of("scales"))?,
                    Decoding::ZeroPoint(zeros.into()),
                )
            }
            Self::MlxAffine => {
                let minimums = tensors.floats(&of("biases"), &[n, groups])?;
                let scales = tensors.floats(&of("scales"), &[n, groups])?;
                (
                    from_columns(shape, &scales).into(),
                    tensors.float_format(&of("scales"))?,
                    Decoding::Minimum(from_columns(shape, &minimums).into()),
                )
            }
            Self::Q4gsw => (
                tensors.floats(&of("scales"), &[groups, padded_n])?,
                tensors.float_format(&of("scales"))?,
                Decoding::Symmetric,
            ),
        };
        let biases = if self == Self::Q4gsw { padded_n } else { n };
        Ok(Parts {
            shape,
            weight,
            scales,
            scale_format,
            decoding,
            bias: tensors.bias(layer, biases)?,
            input_order: None,
        })
    }
}

/// The nibble of a column in a row of words along N.
fn awq_nibble(words: &[u32], n: usize, row: usize, column: usize) -> u8 {
    of_word(
        words[row * (n / PER_WORD) + column / PER_WORD],
        AWQ_PLACES[column % PER_WORD],
    )
}
