//! From floats to four bits: symmetric, one scale for each group of a row.

mod error;
mod least_squares;
mod nearest;
mod pack;

use q4_kernel_types::layout::{self, QUANT_MAX, QUANT_MIN};

pub use error::{QuantizeError, relative_error};
pub use least_squares::quantize_least_squares;
pub use nearest::quantize;
pub use pack::{PackError, pack, unpack};

use crate::{LayerShape, Quantized};

/// Quantises `[N, K]` weights group by group. `scale_of` is given the weights of a group and the k of the first.
fn by_groups(
    weights: &[f32],
    shape: LayerShape,
    scale_of: impl Fn(&[f32], usize) -> f32,
) -> Result<Quantized<'static>, QuantizeError> {
    let LayerShape { n, k, group_size } = shape;
    shape.check()?;
    let expected = u64::from(n) * u64::from(k);
    if weights.len() as u64 != expected {
        return Err(PackError::Length {
            given: weights.len(),
            expected,
            n,
            k,
        }
        .into());
    }
    if let Some(index) = weights.iter().position(|weight| !weight.is_finite()) {
        let row_length = k as usize;
        let (row, k) = (index / row_length, index % row_length);
        return Err(QuantizeError::NotFinite {
            row,
            k,
            value: weights[index],
        });
    }

    // The lengths fit usize because a slice of N x K weights exists.
    let padded_n = (n as usize).next_multiple_of(layout::PADDED_N_MULTIPLE as usize);
    let mut values = Vec::with_capacity(weights.len());
    let mut scales = vec![0.0; layout::groups(k, group_size) as usize * padded_n];
    for (column, row) in weights.chunks(k as usize).enumerate() {
        for (group, weights) in row.chunks(group_size as usize).enumerate() {
            let scale = scale_of(weights, group * group_size as usize);
            scales[group * padded_n + column] = scale;
            values.extend(weights.iter().map(|weight| quantized_weight(*weight, scale)));
        }
    }
    Ok(Quantized::q4gsw(shape, pack(&values, n, k)?, scales, None)?)
}

fn quantized_weight(weight: f32, scale: f32) -> i8 {
    if scale == 0.0 {
        return 0;
    }
    let rounded = (weight / scale)
        .round_ties_even()
        .clamp(f32::from(QUANT_MIN), f32::from(QUANT_MAX));
    // In -8..=7 by the clamp, and whole by the rounding.
    rounded as i8
}
