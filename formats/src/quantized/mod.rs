//! Quantised weights in host memory.

mod check;
mod decoding;
mod dequantize;
mod error;
mod stored;

use std::borrow::Cow;

use q4_kernel_types::{ScaleFormat, ScaleLayout, WeightFormat, layout};

use check::{check_bias, check_decoding, check_input_order, first_used, length, not_finite};
pub use decoding::{Codebook, Decoding};
pub use error::LayoutError;

use crate::scale;

/// The weights of one linear layer in host memory, checked.
///
/// Nibbles lie in the order of the [q4gsw layout](layout) whatever the file had; what a nibble means, its [`Decoding`] says. Borrows what it is given: a
/// memory-mapped file that lies so already needs no copy before the upload.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized<'a> {
    shape: LayerShape,
    weight: Cow<'a, [u8]>,
    scales: Cow<'a, [f32]>,
    scale_format: ScaleFormat,
    decoding: Decoding<'a>,
    bias: Option<Cow<'a, [f32]>>,
    input_order: Option<Cow<'a, [u32]>>,
}

/// What weights are made of, before it is checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts<'a> {
    /// The size of the layer.
    pub shape: LayerShape,
    /// `[N, ceil(K/2)]` bytes, even k in the low nibble, nibbles as `decoding` reads them.
    pub weight: Cow<'a, [u8]>,
    /// `[ceil(K/group_size), padded_N]`, `padded_N` being N rounded up to a multiple of 4; the padding is never used.
    pub scales: Cow<'a, [f32]>,
    /// The smallest format that holds every scale exactly, as far as is known: [`ScaleFormat::F32`] is always right.
    pub scale_format: ScaleFormat,
    /// How a nibble and the numbers of its group make a weight.
    pub decoding: Decoding<'a>,
    /// N values, or as many as `padded_N`.
    pub bias: Option<Cow<'a, [f32]>>,
    /// For each k as stored, the input feature that it multiplies, where that is another: groups of a layer that was quantised in order of activation
    /// are not consecutive in the input, and are made so by sorting.
    pub input_order: Option<Cow<'a, [u32]>>,
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

impl LayerShape {
    /// Whether there is at least one of each.
    ///
    /// # Errors
    /// If a dimension is 0.
    pub fn check(&self) -> Result<(), LayoutError> {
        let dimensions = [("N", self.n), ("K", self.k), ("group_size", self.group_size)];
        match dimensions.into_iter().find(|(_, value)| *value == 0) {
            Some((dimension, _)) => Err(LayoutError::Zero { dimension }),
            None => Ok(()),
        }
    }
}

impl<'a> Quantized<'a> {
    /// Takes weights of any encoding.
    ///
    /// # Errors
    /// If a dimension is 0, a length does not fit the dimensions, a number that is used is NaN or infinite, `scale_format` does not hold every
    /// scale, or `input_order` does not name every input feature once.
    pub fn new(parts: Parts<'a>) -> Result<Self, LayoutError> {
        let Parts {
            shape,
            weight,
            scales,
            scale_format,
            decoding,
            bias,
            input_order,
        } = parts;
        shape.check()?;
        let LayerShape { n, k, group_size } = shape;
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
        let groups = layout::groups(k, group_size);
        if length(&scales) != expected {
            return Err(LayoutError::ScaleLength {
                given: scales.len(),
                expected,
                groups,
                padded_n,
            });
        }
        if let Some((group, column, value)) = not_finite(&scales, n, padded_n) {
            return Err(LayoutError::ScaleNotFinite { group, column, value });
        }
        check_decoding(&decoding, shape)?;
        let bias = bias.map(|bias| check_bias(bias, n, padded_n)).transpose()?;
        if let Some(order) = &input_order {
            check_input_order(order, k)?;
        }
        let layer = Self {
            shape,
            weight,
            scales,
            scale_format,
            decoding,
            bias,
            input_order,
        };
        match layer.scale_out_of_range(|value| scale::exact(value, scale_format)) {
            Some((group, column, value)) => Err(LayoutError::ScaleOutOfRange {
                group,
                column,
                value,
                format: scale_format,
            }),
            None => Ok(layer),
        }
    }

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
        Self::new(Parts {
            shape,
            weight: weight.into(),
            scales: scales.into(),
            scale_format: ScaleFormat::F32,
            decoding: Decoding::Symmetric,
            bias,
            input_order: None,
        })
    }

    /// The size of the layer.
    #[must_use]
    pub fn shape(&self) -> LayerShape {
        self.shape
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

    /// A format that holds every scale exactly: the file's own, if it came from one.
    #[must_use]
    pub fn scale_format(&self) -> ScaleFormat {
        self.scale_format
    }

    /// What kernels must know of the weights beside their shape. Where minimums are not of the scales' format, both are of f32, which holds them.
    #[must_use]
    pub fn format(&self) -> WeightFormat {
        let fits = match &self.decoding {
            Decoding::Minimum(minimums) => {
                let LayerShape { n, .. } = self.shape;
                let inexact = |value: f32| !scale::exact(value, self.scale_format);
                self.scale_format.bytes() > 1
                    && first_used(minimums, n, layout::padded_n(n), inexact).is_none()
            }
            Decoding::Symmetric | Decoding::ZeroPoint(_) | Decoding::Codebook(_) => true,
        };
        WeightFormat {
            encoding: self.decoding.encoding(),
            scales: if fits { self.scale_format } else { ScaleFormat::F32 },
        }
    }

    /// How a nibble and the numbers of its group make a weight.
    #[must_use]
    pub fn decoding(&self) -> &Decoding<'a> {
        &self.decoding
    }

    /// Bias, N values.
    #[must_use]
    pub fn bias(&self) -> Option<&[f32]> {
        self.bias.as_deref()
    }

    /// For each k as stored, the input feature that it multiplies, where that is another.
    #[must_use]
    pub fn input_order(&self) -> Option<&[u32]> {
        self.input_order.as_deref()
    }

    /// The same weights, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Quantized<'static> {
        Quantized {
            shape: self.shape,
            weight: self.weight.into_owned().into(),
            scales: self.scales.into_owned().into(),
            scale_format: self.scale_format,
            decoding: self.decoding.into_owned(),
            bias: self.bias.map(|bias| bias.into_owned().into()),
            input_order: self.input_order.map(|order| order.into_owned().into()),
        }
    }

    /// Symmetric weights as weights with zero points, 8 for every group. None of any other encoding.
    #[must_use]
    pub fn with_zero_points(&self) -> Option<Quantized<'_>> {
        let Decoding::Symmetric = self.decoding else {
            return None;
        };
        let zeros = vec![layout::ZERO_POINT; self.scales.len()];
        Some(Quantized {
            shape: self.shape,
            weight: Cow::Borrowed(&self.weight),
            scales: Cow::Borrowed(&self.scales),
            scale_format: self.scale_format,
            decoding: Decoding::ZeroPoint(zeros.into()),
            bias: self.bias().map(Cow::Borrowed),
            input_order: self.input_order().map(Cow::Borrowed),
        })
    }

    /// Rounds the scales, and minimums beside them, to a format, as an upload for kernels with such scales does: what such kernels compute is
    /// the product with these weights.
    ///
    /// # Errors
    /// As [`Quantized::check_scales_as`].
    pub fn round_scales(&self, format: ScaleFormat) -> Result<Quantized<'static>, LayoutError> {
        self.check_scales_as(format)?;
        let round = |value: &f32| scale::rounded(*value, format).unwrap_or_default();
        let scales = self.scales.iter().map(round).collect();
        let decoding = match &self.decoding {
            Decoding::Minimum(minimums) => Decoding::Minimum(
                minimums
                    .iter()
                    .map(|minimum| scale::nearest(*minimum, format))
                    .collect(),
            ),
            other => other.clone().into_owned(),
        };
        Ok(Quantized {
            scales,
            scale_format: format,
            decoding,
            ..self.clone().into_owned()
        })
    }

    /// The scales as a device stores them, in whole words: what an upload for kernels with such scales copies.
    #[must_use]
    pub fn stored_scales(&self, scales: ScaleLayout) -> Cow<'_, [u8]> {
        self.stored_scales_of(scales, 0..self.shape.n)
    }

    /// Whether a format holds every scale and every minimum that is used.
    ///
    /// # Errors
    /// If a scale would become infinite or vanish, or a minimum infinite, or if either would have to be rounded to 8 bits.
    pub fn check_scales_as(&self, format: ScaleFormat) -> Result<(), LayoutError> {
        match self.scale_out_of_range(|value| scale::rounded(value, format).is_some()) {
            Some((group, column, value)) => Err(LayoutError::ScaleOutOfRange {
                group,
                column,
                value,
                format,
            }),
            None => self.check_minimums_as(format),
        }
    }

    /// Minimums may vanish: beside what a nibble adds, so little does not matter.
    fn check_minimums_as(&self, format: ScaleFormat) -> Result<(), LayoutError> {
        let Decoding::Minimum(minimums) = &self.decoding else {
            return Ok(());
        };
        let LayerShape { n, .. } = self.shape;
        let lost = |value: f32| format.bytes() == 1 || !scale::nearest(value, format).is_finite();
        match first_used(minimums, n, layout::padded_n(n), lost) {
            Some((group, column, value)) => Err(LayoutError::MinimumOutOfRange {
                group,
                column,
                value,
                format,
            }),
            None => Ok(()),
        }
    }

    /// The first scale that is used and that `holds` refuses.
    fn scale_out_of_range(&self, holds: impl Fn(f32) -> bool) -> Option<(u64, u64, f32)> {
        first_used(
            &self.scales,
            self.shape.n,
            layout::padded_n(self.shape.n),
            |value| !holds(value),
        )
    }

    /// Adds a bias, or replaces it.
    ///
    /// # Errors
    /// If there are not N values (or N padded to a multiple of 4), or one of them is NaN or infinite.
    pub fn with_bias(mut self, bias: impl Into<Cow<'a, [f32]>>) -> Result<Self, LayoutError> {
        let n = self.shape.n;
        self.bias = Some(check_bias(bias.into(), n, layout::padded_n(n))?);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

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

    fn parts(decoding: Decoding<'static>) -> Parts<'static> {
        Parts {
            shape: SHAPE,
            weight: vec![0; 9].into(),
            scales: vec![1.0; 12].into(),
            scale_format: ScaleFormat::F16,
            decoding,
            bias: None,
            input_order: None,
        }
    }

    #[test]
    fn numbers_of_groups_are_as_many_as_scales_and_finite() {
        let refused = |decoding| Quantized::new(parts(decoding)).unwrap_err();
        assert!(matches!(
            refused(Decoding::ZeroPoint(vec![0; 9].into())),
            LayoutError::ZeroPointLength {
                given: 9,
                expected: 12,
                ..
            }
        ));
        assert!(matches!(
            refused(Decoding::Minimum(vec![0.0; 9].into())),
            LayoutError::MinimumLength {
                given: 9,
                expected: 12,
                ..
            }
        ));
        let mut minimums = vec![0.0; 12];
        minimums[3] = f32::NAN;
        assert!(
            Quantized::new(parts(Decoding::Minimum(minimums.clone().into()))).is_ok(),
            "padding"
        );
        minimums[5] = f32::INFINITY;
        assert!(matches!(
            refused(Decoding::Minimum(minimums.into())),
            LayoutError::MinimumNotFinite {
                group: 1,
                column: 1,
                ..
            }
        ));
        let mut codebook = Codebook::new([1.0; 16]);
        codebook.levels[7] = f32::NAN;
        assert!(matches!(
            refused(Decoding::Codebook(codebook)),
            LayoutError::LevelNotFinite { level: 7, .. }
        ));
    }

    #[test]
    fn a_claimed_format_holds_every_scale_and_an_order_names_every_feature_once() {
        let mut inexact = parts(Decoding::Symmetric);
        inexact.scales = vec![1.0 + 1.0 / 4096.0; 12].into();
        assert!(matches!(
            Quantized::new(inexact),
            Err(LayoutError::ScaleOutOfRange {
                format: ScaleFormat::F16,
                ..
            })
        ));
        for (order, good) in [
            (vec![4, 3, 2, 1, 0], true),
            (vec![0, 1, 2, 3, 3], false),
            (vec![0, 1, 2, 3, 5], false),
            (vec![0, 1, 2, 3], false),
        ] {
            let mut ordered = parts(Decoding::Symmetric);
            ordered.input_order = Some(order.into());
            assert_eq!(Quantized::new(ordered).is_ok(), good);
        }
    }
}
