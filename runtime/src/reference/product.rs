//! The product in float64.

use std::thread;

use crate::{Codebook, Decoding, LayerShape, NumericClass, Quantized, layout};

/// The weights `[N, K]` that a layer stands for, in float64, where the product of an integer and an f32 is exact.
#[must_use]
pub fn dequantize(layer: &Quantized<'_>) -> Vec<f64> {
    (0..layer.shape().n)
        .flat_map(|column| dequantized_row(layer, column))
        .collect()
}

/// `y[M, N] = x[M, K] * W[N, K]^T (+ bias)` in float64. Rows of `x` beyond the last whole one are ignored.
#[must_use]
pub fn linear(x: &[f32], layer: &Quantized<'_>) -> Vec<f64> {
    linear_columns(x, layer, &all_columns(layer))
}

/// Some columns of [`linear`], `[M, columns]` in the order given: large layers can be sampled where the whole product would take too
/// long. A column that the layer does not have is NaN.
#[must_use]
pub fn linear_columns(x: &[f32], layer: &Quantized<'_>, columns: &[u32]) -> Vec<f64> {
    over_columns(x, layer, columns, dequantized_row, |row, weights, bias| {
        let products = row.iter().zip(weights).map(|(x, weight)| f64::from(*x) * weight);
        products.sum::<f64>() + bias
    })
}

/// The root of the sum of the squared products behind each output of [`linear`]: what the errors of rounded operands grow with.
#[must_use]
pub fn products(x: &[f32], layer: &Quantized<'_>) -> Vec<f64> {
    products_columns(x, layer, &all_columns(layer))
}

/// Some columns of [`products`], as [`linear_columns`] has those of [`linear`].
#[must_use]
pub fn products_columns(x: &[f32], layer: &Quantized<'_>, columns: &[u32]) -> Vec<f64> {
    over_columns(x, layer, columns, dequantized_row, root_of_squares)
}

/// As [`products`], of the inputs with the terms that weights are made of: what the errors of affine encodings grow with, where a kernel adds up
/// `scale * (q - 8)` and what the group adds each by itself.
#[must_use]
pub fn terms(x: &[f32], layer: &Quantized<'_>) -> Vec<f64> {
    terms_columns(x, layer, &all_columns(layer))
}

/// Some columns of [`terms`], as [`linear_columns`] has those of [`linear`].
#[must_use]
pub fn terms_columns(x: &[f32], layer: &Quantized<'_>, columns: &[u32]) -> Vec<f64> {
    over_columns(x, layer, columns, terms_of_row, root_of_squares)
}

/// [`products`] or [`terms`]: those that the errors of an exactness grow with, by which [`Tolerance::of_products`](crate::Tolerance::of_products) judges.
#[must_use]
pub fn products_for(x: &[f32], layer: &Quantized<'_>, class: NumericClass) -> Vec<f64> {
    if class == NumericClass::Exact {
        terms(x, layer)
    } else {
        products(x, layer)
    }
}

/// The size of the largest term of every weight, `[N, K]`.
#[must_use]
pub fn dequantized_terms(layer: &Quantized<'_>) -> Vec<f64> {
    (0..layer.shape().n)
        .flat_map(|column| terms_of_row(layer, column))
        .map(f64::abs)
        .collect()
}

fn root_of_squares(row: &[f32], weights: &[f64], _: f64) -> f64 {
    let squares = row.iter().zip(weights).map(|(x, weight)| {
        let product = f64::from(*x) * weight;
        product * product
    });
    squares.sum::<f64>().sqrt()
}

fn all_columns(layer: &Quantized<'_>) -> Vec<u32> {
    (0..layer.shape().n).collect()
}

/// `[M, columns]` values, each of a row of `x`, a column of dequantised weights and its bias.
fn over_columns(
    x: &[f32],
    layer: &Quantized<'_>,
    columns: &[u32],
    weights: impl Fn(&Quantized<'_>, u32) -> Vec<f64> + Sync,
    value: impl Fn(&[f32], &[f64], f64) -> f64 + Sync,
) -> Vec<f64> {
    let rows: Vec<&[f32]> = x.chunks_exact(layer.shape().k as usize).collect();
    if columns.is_empty() {
        return Vec::new();
    }

    // One stripe of columns a thread: a column's weights are dequantised once for all rows.
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(columns.len());
    let stripe = columns.len().div_ceil(threads);
    let stripes: Vec<Vec<f64>> = if threads == 1 {
        // In a browser there are no others, and none can be begun.
        vec![stripe_of_columns(&rows, layer, columns, &weights, &value)]
    } else {
        thread::scope(|scope| {
            let workers: Vec<_> = columns
                .chunks(stripe)
                .map(|columns| {
                    let (rows, weights, value) = (&rows, &weights, &value);
                    scope.spawn(move || stripe_of_columns(rows, layer, columns, weights, value))
                })
                .collect();
            // A worker only multiplies and adds; were it to panic, its stripe would be missing and every comparison fail.
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_default())
                .collect()
        })
    };

    let mut y = vec![f64::NAN; rows.len() * columns.len()];
    for (index, sums) in stripes.iter().enumerate() {
        for (offset, column_sums) in sums.chunks(rows.len().max(1)).enumerate() {
            for (row, sum) in column_sums.iter().enumerate() {
                y[row * columns.len() + index * stripe + offset] = *sum;
            }
        }
    }
    y
}

/// The values of some columns, column by column.
fn stripe_of_columns(
    rows: &[&[f32]],
    layer: &Quantized<'_>,
    columns: &[u32],
    weights: &impl Fn(&Quantized<'_>, u32) -> Vec<f64>,
    value: &impl Fn(&[f32], &[f64], f64) -> f64,
) -> Vec<f64> {
    let mut values = Vec::with_capacity(rows.len() * columns.len());
    for &column in columns {
        if column >= layer.shape().n {
            values.extend(rows.iter().map(|_| f64::NAN));
            continue;
        }
        let weights = weights(layer, column);
        let bias = layer.bias().map_or(0.0, |bias| f64::from(bias[column as usize]));
        values.extend(rows.iter().map(|row| value(row, &weights, bias)));
    }
    values
}

/// The weights of a column, in the order of the input's features.
fn dequantized_row(layer: &Quantized<'_>, column: u32) -> Vec<f64> {
    row_of(layer, column, |q, scale, at| {
        let q = f64::from(q);
        match layer.decoding() {
            Decoding::Symmetric => scale * (q - f64::from(layout::ZERO_POINT)),
            Decoding::ZeroPoint(zeros) => scale * (q - f64::from(zeros[at])),
            Decoding::Minimum(minimums) => scale * q + f64::from(minimums[at]),
            Decoding::Codebook(codebook) => level(codebook, q) * scale,
        }
    })
}

/// What no term that a kernel makes a weight of exceeds: the weight itself, or where it is a difference, that of its parts.
fn terms_of_row(layer: &Quantized<'_>, column: u32) -> Vec<f64> {
    let nibble = f64::from(layout::LEVELS);
    row_of(layer, column, |q, scale, at| {
        let q = f64::from(q);
        match layer.decoding() {
            Decoding::Symmetric => scale * (q - f64::from(layout::ZERO_POINT)),
            Decoding::ZeroPoint(zeros) => scale * nibble.max(f64::from(zeros[at])),
            Decoding::Minimum(minimums) => scale.abs() * nibble + f64::from(minimums[at]).abs(),
            Decoding::Codebook(codebook) => level(codebook, q) * scale,
        }
    })
}

fn level(codebook: &Codebook, q: f64) -> f64 {
    // A nibble is one of sixteen.
    f64::from(codebook.levels[q as usize]) * f64::from(codebook.tensor_scale)
}

/// A value of each nibble of a column, with its scale and the place of its group's numbers; in the order of the input's features.
fn row_of(layer: &Quantized<'_>, column: u32, value: impl Fn(u8, f64, usize) -> f64) -> Vec<f64> {
    let LayerShape { n, k, group_size } = layer.shape();
    let row_bytes = layout::packed_k(k) as usize;
    let padded_n = layout::padded_n(n) as usize;
    let column = column as usize;
    let row = &layer.weight()[column * row_bytes..][..row_bytes];
    let nibbles = row.iter().flat_map(|byte| [byte & 0xF, byte >> layout::BITS]);
    let mut values = vec![0.0; k as usize];
    for (stored, q) in nibbles.take(k as usize).enumerate() {
        let at = stored / group_size as usize * padded_n + column;
        let feature = layer.input_order().map_or(stored, |order| order[stored] as usize);
        values[feature] = value(q, f64::from(layer.scales()[at]), at);
    }
    values
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::reference::{pack, samples};

    #[test]
    fn the_product_is_the_formula_of_the_contract() {
        // N = 2, K = 3, groups of 2: W = [[1*2, -2*2, 3*4], [7*1, 0, -8*8]].
        let weight = pack(&[1, -2, 3, 7, 0, -8], 2, 3).unwrap();
        let scales = vec![2.0, 1.0, 0.0, 0.0, 4.0, 8.0, 0.0, 0.0];
        let shape = LayerShape {
            n: 2,
            k: 3,
            group_size: 2,
        };
        let layer = Quantized::q4gsw(shape, weight, scales, Some(Cow::Owned(vec![0.5, -0.5]))).unwrap();
        assert_eq!(dequantize(&layer), [2.0, -4.0, 12.0, 7.0, 0.0, -64.0]);
        let y = linear(&[1.0, 1.0, 1.0, 0.5, 0.0, -1.0], &layer);
        assert_eq!(y, [10.5, -57.5, -10.5, 67.0]);
        let squares = products(&[1.0, 1.0, 1.0, 0.5, 0.0, -1.0], &layer)
            .into_iter()
            .map(|root| (root * root).round());
        assert_eq!(
            squares.collect::<Vec<_>>(),
            [164.0, 4145.0, 145.0, 4108.25_f64.round()]
        );
    }

    #[test]
    fn stripes_of_columns_fall_into_place_for_any_number_of_columns() {
        for n in [1_u32, 2, 3, 5, 7, 64, 67] {
            let values: Vec<i8> = (0..n).map(|column| (column % 15) as i8 - 7).collect();
            let layer = Quantized::q4gsw(
                LayerShape {
                    n,
                    k: 1,
                    group_size: 1,
                },
                pack(&values, n, 1).unwrap(),
                vec![1.0; layout::padded_n(n) as usize],
                None,
            )
            .unwrap();
            let expected: Vec<f64> = [2.0, 3.0]
                .iter()
                .flat_map(|x| values.iter().map(move |q| x * f64::from(*q)))
                .collect();
            assert_eq!(linear(&[2.0, 3.0], &layer), expected, "N = {n}");
        }
    }
    #[test]
    fn sampled_columns_are_those_of_the_whole_product_and_others_are_nan() {
        let shape = LayerShape {
            n: 5,
            k: 70,
            group_size: 32,
        };
        let sample = samples::sample(3, shape, true, samples::Data::Random { seed: 4 }).unwrap();
        let whole = linear(&sample.x, &sample.layer);
        let some = linear_columns(&sample.x, &sample.layer, &[4, 0, 5, 4]);
        for (row, outputs) in some.chunks_exact(4).enumerate() {
            let [last, first] = [whole[row * 5 + 4], whole[row * 5]];
            assert_eq!((outputs[0], outputs[1], outputs[3]), (last, first, last));
            assert!(outputs[2].is_nan());
        }
        assert_eq!(some.len(), 3 * 4);
        assert!(linear_columns(&sample.x, &sample.layer, &[]).is_empty());
    }
}
