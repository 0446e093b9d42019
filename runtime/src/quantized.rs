//! Quantised weights in host memory.

use std::borrow::Cow;

use crate::{ScaleFormat, ScaleLayout, layout, weights::stored};

/// The weights of one linear layer in host memory, in the [q4gsw layout](crate::layout), checked.
///
/// Borrows what it is given: a memory-mapped file needs no copy before the upload.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized<'a> {
    n: u32,
    k: u32,
    group_size: u32,
    weight: Cow<'a, [u8]>,
    scales: Cow<'a, [f32]>,
    bias: Option<Cow<'a, [f32]>>,
}

/// The size of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LayerShape {
    /// Output features.
    pub n: u32,
    /// Input features.
    pub k: u32,
    /// Consecutive input features that share a scale.
    pub group_size: u32,
}

/// How given weights break the contract of their layout.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// A dimension is 0.
    #[error("{dimension} is 0; a layer has at least one of each")]
    Zero {
        /// `N`, `K` or `group_size`.
        dimension: &'static str,
    },
    /// The packed weights have the wrong length.
    #[error(
        "{given} bytes of weights were given, and N={n} rows of ceil(K/2)={row} bytes make {expected}; \
         check N and K, and that two weights share a byte"
    )]
    WeightLength {
        /// Bytes given.
        given: usize,
        /// Bytes expected.
        expected: u64,
        /// Rows.
        n: u32,
        /// Bytes of a row.
        row: u32,
    },
    /// There are too few or too many scales.
    #[error(
        "{given} scales were given, and {groups} groups of padded_N={padded_n} make {expected}; scales are [groups, padded_N], \
         N padded to a multiple of 4: pad every group's row, and transpose them if they are [N, groups]"
    )]
    ScaleLength {
        /// Scales given.
        given: usize,
        /// Scales expected.
        expected: u64,
        /// Groups along K.
        groups: u32,
        /// Padded columns.
        padded_n: u64,
    },
    /// There are too few or too many bias values.
    #[error("{given} bias values were given, and N={n}; give N of them, or N padded to a multiple of 4")]
    BiasLength {
        /// Values given.
        given: usize,
        /// Output features.
        n: u32,
    },
    /// A scale is NaN or infinite.
    #[error(
        "the scale of group {group}, column {column} is {value}; every output of that column would be lost, \
         so quantise the layer again"
    )]
    ScaleNotFinite {
        /// Group along K.
        group: u64,
        /// Output feature.
        column: u64,
        /// The scale.
        value: f32,
    },
    /// A scale does not fit the format that it is to be stored in.
    #[error(
        "the scale of group {group}, column {column} is {value}, which {format} rounds to {}; \
         store the scales as bf16 or f32 instead",
        if value.abs() > 1.0 { "infinity" } else { "zero" }
    )]
    ScaleOutOfRange {
        /// Group along K.
        group: u64,
        /// Output feature.
        column: u64,
        /// The scale.
        value: f32,
        /// The format.
        format: ScaleFormat,
    },
    /// A bias value is NaN or infinite.
    #[error(
        "the bias of column {column} is {value}; every output of that column would be lost, so check where it comes from"
    )]
    BiasNotFinite {
        /// Output feature.
        column: usize,
        /// The value.
        value: f32,
    },
}

impl LayerShape {
    /// Whether there is at least one of each.
    pub(crate) fn check(&self) -> Result<(), LayoutError> {
        let dimensions = [("N", self.n), ("K", self.k), ("group_size", self.group_size)];
        match dimensions.into_iter().find(|(_, value)| *value == 0) {
            Some((dimension, _)) => Err(LayoutError::Zero { dimension }),
            None => Ok(()),
        }
    }
}

impl<'a> Quantized<'a> {
    /// Takes weights in the q4gsw layout.
    ///
    /// - `weight`: `[N, ceil(K/2)]` bytes, even k in the low nibble, q stored as q + 8
    /// - `scales`: `[ceil(K/group_size), padded_N]`, `padded_N` being N rounded up to a multiple of 4; the padding is never used
    /// - `bias`: N values, or as many as `padded_N`
    ///
    /// # Errors
    /// If a dimension is 0, a length does not fit the dimensions, or a scale or bias value that is used is NaN or infinite.
    pub fn q4gsw(
        shape: LayerShape,
        weight: impl Into<Cow<'a, [u8]>>,
        scales: impl Into<Cow<'a, [f32]>>,
        bias: Option<Cow<'a, [f32]>>,
    ) -> Result<Self, LayoutError> {
        shape.check()?;
        let LayerShape { n, k, group_size } = shape;
        let (weight, scales) = (weight.into(), scales.into());
        let expected = layout::weight_bytes(n, k);
        if length(&weight) != expected {
            return Err(LayoutError::WeightLength {
                given: weight.len(),
                expected,
                n,
                row: layout::packed_k(k),
            });
        }
        let padded_n = layout::padded_n(n);
        let expected = layout::scale_count(n, k, group_size);
        if length(&scales) != expected {
            let groups = layout::groups(k, group_size);
            return Err(LayoutError::ScaleLength {
                given: scales.len(),
                expected,
                groups,
                padded_n,
            });
        }
        check_scales(&scales, n, padded_n)?;
        let bias = bias.map(|bias| check_bias(bias, n, padded_n)).transpose()?;
        Ok(Self {
            n,
            k,
            group_size,
            weight,
            scales,
            bias,
        })
    }

    /// The size of the layer.
    #[must_use]
    pub fn shape(&self) -> LayerShape {
        LayerShape {
            n: self.n,
            k: self.k,
            group_size: self.group_size,
        }
    }

    /// Packed weights, `[N, ceil(K/2)]`.
    #[must_use]
    pub fn weight(&self) -> &[u8] {
        &self.weight
    }

    /// Scales, `[groups, padded_N]`.
    #[must_use]
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// Bias, N values.
    #[must_use]
    pub fn bias(&self) -> Option<&[f32]> {
        self.bias.as_deref()
    }

    /// Rounds the scales to a format, as an upload for kernels with such scales does: what such kernels compute is the product with
    /// these weights.
    ///
    /// # Errors
    /// If a scale that is used would become infinite or vanish.
    pub fn round_scales(&self, format: ScaleFormat) -> Result<Quantized<'static>, LayoutError> {
        self.check_scales_as(format)?;
        let round = |scale: &f32| stored::rounded(*scale, format).unwrap_or_default();
        Ok(Quantized {
            n: self.n,
            k: self.k,
            group_size: self.group_size,
            weight: self.weight.clone().into_owned().into(),
            scales: self.scales.iter().map(round).collect(),
            bias: self.bias.clone().map(|bias| bias.into_owned().into()),
        })
    }

    /// The scales as a device stores them, in whole words: what an upload for kernels with such scales copies.
    #[must_use]
    pub fn stored_scales(&self, scales: ScaleLayout) -> Cow<'_, [u8]> {
        stored::scales(self, scales, 0..self.n)
    }

    /// Whether a format holds every scale that is used.
    pub(crate) fn check_scales_as(&self, format: ScaleFormat) -> Result<(), LayoutError> {
        let padded_n = layout::padded_n(self.n);
        let out_of_range = |(index, value): (u64, &f32)| {
            let (group, column) = (index / padded_n, index % padded_n);
            let used = column < u64::from(self.n);
            (used && stored::rounded(*value, format).is_none()).then_some(LayoutError::ScaleOutOfRange {
                group,
                column,
                value: *value,
                format,
            })
        };
        match (0..).zip(self.scales.iter()).find_map(out_of_range) {
            Some(error) if format != ScaleFormat::F32 => Err(error),
            Some(_) | None => Ok(()),
        }
    }

    /// Adds a bias, or replaces it.
    ///
    /// # Errors
    /// If there are not N values (or N padded to a multiple of 4), or one of them is NaN or infinite.
    pub fn with_bias(mut self, bias: impl Into<Cow<'a, [f32]>>) -> Result<Self, LayoutError> {
        self.bias = Some(check_bias(bias.into(), self.n, layout::padded_n(self.n))?);
        Ok(self)
    }
}

/// Padding is not looked at: no kernel stores a column that it belongs to.
fn check_scales(scales: &[f32], n: u32, padded_n: u64) -> Result<(), LayoutError> {
    for (index, &value) in (0_u64..).zip(scales) {
        let (group, column) = (index / padded_n, index % padded_n);
        if column < u64::from(n) && !value.is_finite() {
            return Err(LayoutError::ScaleNotFinite { group, column, value });
        }
    }
    Ok(())
}

fn check_bias(bias: Cow<'_, [f32]>, n: u32, padded_n: u64) -> Result<Cow<'_, [f32]>, LayoutError> {
    if length(&bias) != u64::from(n) && length(&bias) != padded_n {
        return Err(LayoutError::BiasLength { given: bias.len(), n });
    }
    let used = bias.len().min(usize::try_from(n).unwrap_or(usize::MAX));
    if let Some(column) = bias[..used].iter().position(|value| !value.is_finite()) {
        return Err(LayoutError::BiasNotFinite {
            column,
            value: bias[column],
        });
    }
    Ok(match bias {
        Cow::Borrowed(values) => Cow::Borrowed(&values[..used]),
        Cow::Owned(mut values) => {
            values.truncate(used);
            Cow::Owned(values)
        }
    })
}

/// A length in the arithmetic of layouts.
fn length<T>(slice: &[T]) -> u64 {
    slice.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: LayerShape = LayerShape {
        n: 3,
        k: 5,
        group_size: 2,
    };

    fn quantized(
        weight: usize,
        scales: Vec<f32>,
        bias: Option<Vec<f32>>,
    ) -> Result<Quantized<'static>, LayoutError> {
        Quantized::q4gsw(SHAPE, vec![0; weight], scales, bias.map(Cow::Owned))
    }

    #[test]
    fn weights_of_the_right_size_are_taken() {
        let layer = quantized(9, vec![1.0; 12], Some(vec![1.0, 2.0, 3.0, f32::NAN])).unwrap();
        assert_eq!(layer.shape(), SHAPE);
        assert_eq!(
            layer.bias(),
            Some(&[1.0, 2.0, 3.0][..]),
            "padding is dropped, whatever it holds"
        );
    }

    #[test]
    fn every_guard_of_the_contract_has_its_own_error() {
        for dimension in ["N", "K", "group_size"] {
            let mut shape = SHAPE;
            *match dimension {
                "N" => &mut shape.n,
                "K" => &mut shape.k,
                _ => &mut shape.group_size,
            } = 0;
            let error = Quantized::q4gsw(shape, vec![], vec![], None).unwrap_err();
            assert_eq!(error, LayoutError::Zero { dimension });
        }
        assert!(matches!(
            quantized(8, vec![1.0; 12], None),
            Err(LayoutError::WeightLength {
                given: 8,
                expected: 9,
                ..
            })
        ));
        assert!(matches!(
            quantized(9, vec![1.0; 9], None),
            Err(LayoutError::ScaleLength {
                given: 9,
                expected: 12,
                ..
            })
        ));
        let bias = |values: &[f32]| quantized(9, vec![1.0; 12], Some(values.to_vec())).unwrap_err();
        assert_eq!(bias(&[1.0, 2.0]), LayoutError::BiasLength { given: 2, n: 3 });
        assert_eq!(
            bias(&[0.0, f32::INFINITY, 0.0]),
            LayoutError::BiasNotFinite {
                column: 1,
                value: f32::INFINITY
            }
        );
    }

    #[test]
    fn a_scale_that_is_used_must_be_finite_and_padding_need_not() {
        let mut scales = vec![1.0; 12];
        scales[3] = f32::NAN;
        assert!(quantized(9, scales.clone(), None).is_ok(), "column 3 is padding");
        scales[6] = f32::NEG_INFINITY;
        let error = quantized(9, scales, None).unwrap_err();
        assert_eq!(
            error,
            LayoutError::ScaleNotFinite {
                group: 1,
                column: 2,
                value: f32::NEG_INFINITY
            }
        );
    }

    #[test]
    fn sizes_beyond_u32_are_computed_and_not_wrapped() {
        let shape = LayerShape {
            n: u32::MAX,
            k: u32::MAX,
            group_size: 1,
        };
        let error = Quantized::q4gsw(shape, vec![], vec![], None).unwrap_err();
        let expected = u64::from(u32::MAX) << 31;
        assert_eq!(
            error,
            LayoutError::WeightLength {
                given: 0,
                expected,
                n: u32::MAX,
                row: 1 << 31
            }
        );
    }
}
