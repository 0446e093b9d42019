//! Quantisation with the scale of each group that leaves the least error.

use q4_kernel_types::layout::QUANT_MIN;

use super::{QuantizeError, by_groups, nearest::group_scale, quantized_weight};
use crate::{LayerShape, Quantized};

/// Shares of the scale of round-to-nearest that the search begins at. Smaller ones clamp the largest weights to spare the many; larger ones clamp none.
const SHARES: [f32; 15] = [
    0.65, 0.7, 0.74, 0.78, 0.82, 0.85, 0.88, 0.91, 0.94, 0.97, 1.0, 1.03, 1.06, 1.1, 1.15,
];
/// Rounds of fitting the scale to the nibbles and the nibbles to the scale; the error never grows, and hardly falls after a few.
const ROUNDS: u32 = 4;

/// Quantises `[N, K]` weights to q4gsw as [`quantize`](fn@crate::quantize) does, with the scale of each group that a search finds to leave the least sum of
/// squared errors, each weighted by the importance of its input feature: the mean square of its activations, say.
///
/// For given nibbles the best scale is `sum(a w q) / sum(a q^2)`, for a given scale the best nibbles are the nearest: both take turns from many
/// scales of either sign, since -8 has no counterpart. The error of a group is never above that of round-to-nearest.
///
/// # Errors
/// As [`quantize`](fn@crate::quantize); and if there is not one importance for each of the K input features, or one is negative, NaN or infinite.
pub fn quantize_least_squares(
    weights: &[f32],
    shape: LayerShape,
    importance: Option<&[f32]>,
) -> Result<Quantized<'static>, QuantizeError> {
    if let Some(given) = importance {
        let wrong = |value: &f32| !value.is_finite() || *value < 0.0;
        if given.len() as u64 != u64::from(shape.k) || given.iter().any(wrong) {
            return Err(QuantizeError::Importance {
                given: given.len(),
                k: shape.k,
            });
        }
    }
    by_groups(weights, shape, |group, first| {
        let importance = importance.and_then(|all| all.get(first..first + group.len()));
        best_scale(group, importance)
    })
}

fn best_scale(weights: &[f32], importance: Option<&[f32]>) -> f32 {
    let nearest = group_scale(weights);
    let mut best = (error(weights, importance, nearest), nearest);
    let peak = weights.iter().fold(0.0_f32, |max, weight| max.max(weight.abs()));
    // That with -8 at the largest weight lies between two shares, and is exact where only few weights differ from 0.
    let starts = SHARES
        .iter()
        .map(|share| share * nearest)
        .chain([peak / -f32::from(QUANT_MIN)]);
    for start in starts.flat_map(|start| [start, -start]) {
        let mut scale = start;
        for _ in 0..ROUNDS {
            let Some(fitted) = fitted(weights, importance, scale) else {
                break;
            };
            let candidate = (error(weights, importance, fitted), fitted);
            if candidate.0 < best.0 {
                best = candidate;
            }
            if fitted == scale {
                break;
            }
            scale = fitted;
        }
    }
    best.1
}

/// The best scale for the nibbles that a scale rounds to. `None` if they are all 0, or it is no f32.
fn fitted(weights: &[f32], importance: Option<&[f32]>, scale: f32) -> Option<f32> {
    let (mut products, mut squares) = (0.0, 0.0);
    for (index, weight) in weights.iter().enumerate() {
        let (a, q) = (
            weight_of(importance, index),
            f64::from(quantized_weight(*weight, scale)),
        );
        products += a * f64::from(*weight) * q;
        squares += a * q * q;
    }
    let fitted = (products / squares) as f32;
    (fitted.is_finite() && fitted != 0.0).then_some(fitted)
}

/// The sum of squared errors that a scale leaves.
fn error(weights: &[f32], importance: Option<&[f32]>, scale: f32) -> f64 {
    let squares = weights.iter().enumerate().map(|(index, weight)| {
        let got = scale * f32::from(quantized_weight(*weight, scale));
        weight_of(importance, index) * (f64::from(*weight) - f64::from(got)).powi(2)
    });
    squares.sum()
}

fn weight_of(importance: Option<&[f32]>, index: usize) -> f64 {
    importance
        .and_then(|all| all.get(index))
        .map_or(1.0, |value| f64::from(*value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{quantize, relative_error};

    const SHAPE: LayerShape = LayerShape {
        n: 8,
        k: 64,
        group_size: 32,
    };

    /// A sum of four uniform numbers, so that large weights are rare.
    fn weights() -> Vec<f32> {
        let mut state = 1_u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        };
        (0..8 * 64).map(|_| next() + next() + next() + next()).collect()
    }

    #[test]
    fn a_search_leaves_less_error_than_rounding() {
        let weights = weights();
        let [nearest, searched] = [
            quantize(&weights, SHAPE).unwrap(),
            quantize_least_squares(&weights, SHAPE, None).unwrap(),
        ]
        .map(|layer| relative_error(&weights, &layer));
        assert!(searched < 0.95 * nearest, "{searched} against {nearest}");
    }

    #[test]
    fn no_group_gets_worse() {
        for group in weights().chunks(32) {
            assert!(error(group, None, best_scale(group, None)) <= error(group, None, group_scale(group)));
        }
    }

    #[test]
    fn weights_that_four_bits_hold_stay_as_they_are() {
        for step in [0.25_f32, -0.25] {
            let weights: Vec<f32> = (0..16).map(|q| step * (q - 8) as f32).collect();
            let shape = LayerShape {
                n: 1,
                k: 16,
                group_size: 16,
            };
            let layer = quantize_least_squares(&weights, shape, None).unwrap();
            assert_eq!(relative_error(&weights, &layer), 0.0);
        }
    }

    #[test]
    fn features_that_matter_are_closer() {
        let weights = weights();
        let importance: Vec<f32> = (0..64).map(|k| if k % 2 == 0 { 100.0 } else { 1.0 }).collect();
        let even = |importance| {
            let layer = quantize_least_squares(&weights, SHAPE, importance).unwrap();
            let rows = (0..8).flat_map(|n| layer.dequantized_row(n).unwrap());
            let differences = weights
                .iter()
                .zip(rows)
                .step_by(2)
                .map(|(w, got)| f64::from(w - got).powi(2));
            differences.sum::<f64>()
        };
        assert!(even(Some(importance.as_slice())) < even(None));
        for wrong in [&[1.0][..], &[-1.0; 64], &[f32::NAN; 64]] {
            assert!(matches!(
                quantize_least_squares(&weights, SHAPE, Some(wrong)),
                Err(QuantizeError::Importance { .. })
            ));
        }
    }

    #[test]
    fn zeros_and_importances_of_zero_are_no_trouble() {
        let layer = quantize_least_squares(&[0.0; 512], SHAPE, Some(&[0.0; 64])).unwrap();
        assert!(layer.scales().iter().all(|scale| *scale == 0.0));
        assert!(quantize_least_squares(&weights(), SHAPE, Some(&[0.0; 64])).is_ok());
    }
}
