//! Round-to-nearest quantisation.

use q4_kernel_types::layout::{QUANT_MAX, QUANT_MIN};

use super::{QuantizeError, by_groups};
use crate::{LayerShape, Quantized};

/// Quantises `[N, K]` weights to q4gsw: symmetric, one scale for each `group_size` consecutive k of a row, no bias.
///
/// `scale = absmax / 7.5`, the half width of -8..=7, as torchao's symmetric mapping has it; `q = clamp(round(w / scale), -8, 7)`, rounding half
/// to even. A group of zeros, or of weights so small that their scale would be 0, becomes scale 0 and q 0.
///
/// # Errors
/// If a dimension is 0, the number of weights is not N x K, or a weight is NaN or infinite.
pub fn quantize(weights: &[f32], shape: LayerShape) -> Result<Quantized<'static>, QuantizeError> {
    by_groups(weights, shape, |group, _| group_scale(group))
}

pub(super) fn group_scale(weights: &[f32]) -> f32 {
    let half_width = (f32::from(QUANT_MAX) - f32::from(QUANT_MIN)) / 2.0;
    let absmax = weights.iter().fold(0.0_f32, |max, weight| max.max(weight.abs()));
    absmax / half_width
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LayoutError, PackError, unpack};

    fn shape(n: u32, k: u32, group_size: u32) -> LayerShape {
        LayerShape { n, k, group_size }
    }

    fn values(weights: &[f32], group_size: u32) -> (Vec<i8>, Vec<f32>) {
        let layer = quantize(weights, shape(1, weights.len() as u32, group_size)).unwrap();
        let scales = layer.scales().iter().step_by(4).copied().collect();
        (unpack(layer.weight(), weights.len() as u32).collect(), scales)
    }

    #[test]
    fn the_scale_spreads_the_largest_weight_over_the_half_width() {
        assert_eq!(values(&[-7.5, 7.5, 1.0, 0.0], 4), (vec![-8, 7, 1, 0], vec![1.0]));
    }

    #[test]
    fn halves_round_to_even() {
        assert_eq!(
            values(&[7.5, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5], 7).0,
            [7, 0, 2, 2, 0, -2, -2]
        );
    }

    #[test]
    fn groups_of_zeros_and_of_vanishing_weights_have_scale_zero() {
        assert_eq!(
            values(&[0.0, -0.0, 1e-45, 0.0, 1.0], 2),
            (vec![0, 0, 0, 0, 7], vec![0.0, 0.0, 1.0 / 7.5])
        );
    }

    #[test]
    fn the_last_group_of_a_row_may_be_short_and_never_reaches_into_the_next_row() {
        let layer = quantize(&[7.5, 15.0, 30.0, 1.5, 3.0, 6.0], shape(2, 3, 2)).unwrap();
        assert_eq!(layer.scales(), [2.0, 0.4, 0.0, 0.0, 4.0, 0.8, 0.0, 0.0]);
    }

    #[test]
    fn dequantised_weights_are_within_half_a_step_or_clamped() {
        let weights: Vec<f32> = (0..256).map(|i| ((i * 37 % 101) as f32 - 50.0) / 17.0).collect();
        let layer = quantize(&weights, shape(4, 64, 32)).unwrap();
        let dequantized = (0..4).flat_map(|n| layer.dequantized_row(n).unwrap());
        for (index, (weight, got)) in weights.iter().zip(dequantized).enumerate() {
            let scale = f64::from(layer.scales()[index % 64 / 32 * 4 + index / 64]);
            let clamped = f64::from(*weight).clamp(-8.0 * scale, 7.0 * scale);
            assert!(
                (clamped - f64::from(got)).abs() <= scale * 0.500_001,
                "weight {index}: {weight} became {got}"
            );
        }
    }

    #[test]
    fn weights_that_cannot_be_quantised_are_named() {
        assert_eq!(
            quantize(&[], shape(1, 0, 4)),
            Err(LayoutError::Zero { dimension: "K" }.into())
        );
        let error = quantize(&[1.0; 3], shape(2, 2, 2)).unwrap_err();
        assert_eq!(
            error,
            PackError::Length {
                given: 3,
                expected: 4,
                n: 2,
                k: 2
            }
            .into()
        );
        let error = quantize(&[1.0, 2.0, 3.0, f32::INFINITY], shape(2, 2, 2)).unwrap_err();
        assert_eq!(
            error,
            QuantizeError::NotFinite {
                row: 1,
                k: 1,
                value: f32::INFINITY
            }
        );
    }
}
