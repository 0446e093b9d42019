//! The conventions, undone into the neutral layout.

use std::borrow::Cow;

use ::safetensors::Dtype;
use q4_kernel_types::{Encoding, ScaleFormat, layout};

use super::tensors::{Tensors, scale_format as scale_format_of};
use crate::{
    Codebook, Decoding, FileError, LayerShape, Parts,
    scale::{E2M1, e4m3, e8m0},
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

/// Which column of eight a nibble of an AWQ word holds.
const AWQ_COLUMNS: [usize; 8] = [0, 2, 4, 6, 1, 3, 5, 7];

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

    pub(super) fn encoding(self) -> Encoding {
        match self {
            Self::Awq => Encoding::ZeroPoint,
            Self::MlxAffine => Encoding::Minimum,
            Self::MlxMxfp4 | Self::MlxNvfp4 => Encoding::Codebook,
            Self::Q4gsw => Encoding::Symmetric,
        }
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
            Self::Awq => [nibbles[1].checked_mul(8)?, nibbles[0], scales[0]],
            Self::Q4gsw => [nibbles[0], nibbles[1].checked_mul(2)?, scales[0]],
            _ => [nibbles[0], nibbles[1].checked_mul(8)?, scales[1]],
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
        let mut scale_format = ScaleFormat::F32;
        let (weight, scales, decoding): (Cow<'a, [u8]>, Vec<f32>, _) = match self {
            Self::Awq => {
                let words = tensors.words(&of("qweight"), &[k, n / 8])?;
                let zeros = tensors.words(&of("qzeros"), &[groups, n / 8])?;
                let scales = tensors.floats(&of("scales"), &[groups, n])?;
                let nibble = |words: &[u32], row: usize, column: usize| {
                    let at = AWQ_COLUMNS
                        .iter()
                        .position(|c| *c == column % 8)
                        .unwrap_or_default();
                    (words[row * (n / 8) + column / 8] >> (4 * at) & 0xF) as u8
                };
                let zeros = grid(groups, padded_n, n, |group, column| nibble(&zeros, group, column));
                (
                    packed(n, k, |row, at| nibble(&words, at, row)).into(),
                    grid(groups, padded_n, n, |group, column| scales[group * n + column]),
                    Decoding::ZeroPoint(zeros.into()),
                )
            }
            Self::Q4gsw => (
                tensors.bytes(&of("weight"), &[Dtype::U8], &[n, k / 2])?.into(),
                tensors.floats(&of("scales"), &[groups, padded_n])?,
                Decoding::Symmetric,
            ),
            Self::MlxAffine | Self::MlxMxfp4 | Self::MlxNvfp4 => {
                let words = tensors.words(&of("weight"), &[n, k / 8])?;
                let by_group = |values: Vec<f32>| {
                    grid(groups, padded_n, n, |group, column| {
                        values[column * groups + group]
                    })
                };
                let bits = |value: fn(u8) -> f32| -> Result<Vec<f32>, FileError> {
                    let bytes = tensors.bytes(&of("scales"), &[Dtype::U8], &[n, groups])?;
                    Ok(bytes.iter().map(|bits| value(*bits)).collect())
                };
                let (scales, decoding) = match self {
                    Self::MlxMxfp4 => {
                        scale_format = ScaleFormat::E8m0;
                        (bits(e8m0)?, Decoding::Codebook(Codebook::new(E2M1)))
                    }
                    Self::MlxNvfp4 => {
                        scale_format = ScaleFormat::E4m3;
                        (bits(e4m3)?, Decoding::Codebook(Codebook::new(E2M1)))
                    }
                    _ => {
                        let minimums = tensors.floats(&of("biases"), &[n, groups])?;
                        let scales = tensors.floats(&of("scales"), &[n, groups])?;
                        (scales, Decoding::Minimum(by_group(minimums).into()))
                    }
                };
                // Nibble i of a little-endian word is nibble i of its bytes, low before high.
                let weight: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                (weight.into(), by_group(scales), decoding)
            }
        };
        if scale_format == ScaleFormat::F32 {
            scale_format = scale_format_of(tensors.get(&of("scales"))?.dtype);
        }
        let bias = of("bias");
        let bias = match tensors.all.get(&bias) {
            Some(_) if self == Self::Q4gsw => Some(tensors.floats(&bias, &[padded_n])?.into()),
            Some(_) => Some(tensors.floats(&bias, &[n])?.into()),
            None => None,
        };
        Ok(Parts {
            shape,
            weight,
            scales: scales.into(),
            scale_format,
            decoding,
            bias,
            input_order: None,
        })
    }
}

/// Rows of nibbles, even k low; K is even.
pub(super) fn packed(n: usize, k: usize, q: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    let row = |row| (0..k / 2).map(move |byte| (row, 2 * byte));
    (0..n)
        .flat_map(row)
        .map(|(row, at)| q(row, at) | q(row, at + 1) << 4)
        .collect()
}

/// `[groups, padded_N]`, the padding being zeros.
pub(super) fn grid<T: Copy + Default>(
    groups: usize,
    padded_n: usize,
    n: usize,
    value: impl Fn(usize, usize) -> T,
) -> Vec<T> {
    let mut values = vec![T::default(); groups * padded_n];
    for (group, row) in values.chunks_exact_mut(padded_n).enumerate() {
        for (column, slot) in row[..n].iter_mut().enumerate() {
            *slot = value(group, column);
        }
    }
    values
}
