//! Reads the weights through the kernel: an input of zeros and a single one makes the output a column of the weight matrix.
//!
//! Every variant must so return the same matrix for the same bytes: the one that the reference dequantises.

use q4_kernel::{
    Constraints, LayerShape, NumericClass, Shape, Variant, reference,
    reference::samples::{self, Data},
};
use q4_kernel_emulator::{Buffer, Program};

use crate::{Case, Promise, Verdict, launch};

/// Columns that no vector width divides, over more than one group.
const COLUMNS: u32 = 5;
/// From 1 to the next f16.
const F16_EPSILON: f64 = 1.0 / 1024.0;
/// Half of the smallest f16: what rounding to it may add to a number that is close to zero.
const F16_LEAST: f64 = 1.0 / 33_554_432.0;

pub(crate) fn run(variant: &Variant, program: &Program, subgroup_sizes: &[u32], verdict: &mut Verdict) {
    let constraints = variant.configuration.constraints();
    let (k, group_size) = layer_of(constraints);
    let shape = LayerShape {
        n: COLUMNS,
        k,
        group_size,
    };
    let bias = variant.configuration.bias == q4_kernel::Bias::Always;
    let format = variant.configuration.weight_format();
    let Some(sample) = samples::sample_of(format, 1, shape, bias, Data::Random { seed: 7 }) else {
        return;
    };
    let Ok(layer) = sample.layer.round_scales(variant.configuration.scales.format) else {
        return;
    };
    let expected = reference::dequantize(&layer);
    let terms = reference::dequantized_terms(&layer);

    // Several ones at once where the kernel takes several rows.
    let rows = constraints.rows.most().min(k);
    for first in (0..k).step_by(rows as usize) {
        let mut x = vec![0.0_f32; (rows * k) as usize];
        // The last pass may have fewer k than rows.
        let ones = rows.min(k - first);
        for row in 0..ones {
            x[(row * k + first + row) as usize] = 1.0;
        }
        let case = Case {
            shape: Shape {
                m: rows,
                n: COLUMNS,
                k,
                group_size,
            },
            bias,
            data: Data::Random { seed: 7 },
            input_offset: 0,
            output_offset: 0,
            other_columns: 0,
            grid_limit: u16::MAX.into(),
        };
        let Ok(grid) = variant
            .configuration
            .geometry
            .dispatch()
            .grid(rows, COLUMNS, case.grid_limit)
        else {
            return;
        };
        for &subgroup_size in subgroup_sizes {
            let mut bindings = launch::bindings(variant, &case, &x, &sample.layer);
            let options = launch::options(
                case.shape,
                variant.configuration.geometry.workgroup_size(),
                subgroup_size,
            );
            let describe = |what: &dyn std::fmt::Display| format!("{what} (K={k} group_size={group_size})");
            match program.launch(&mut bindings, grid, &options) {
                Ok(report) => launch::judge(&report, &describe, verdict),
                Err(error) => verdict.find(Promise::DispatchAgrees, describe(&error)),
            }
            let got: Vec<f32> = bindings
                .buffer(0, q4_kernel::layout::Binding::Output.index())
                .map(Buffer::to_vec)
                .unwrap_or_default();
            for row in 0..ones {
                for n in 0..COLUMNS {
                    let at = first + row;
                    let index = (n * k + at) as usize;
                    let bias = sample
                        .layer
                        .bias()
                        .map_or(0.0, |bias| f64::from(bias[n as usize]));
                    let weight = expected[index] + bias;
                    let read = got.get((row * COLUMNS + n) as usize).copied().unwrap_or(f32::NAN);
                    if !is_read_as(expected[index], bias, terms[index], read, variant) {
                        let message = format!("weight n={n} k={at} is {weight} and is read as {read}");
                        verdict.find(Promise::SameWeightLayout, describe(&message));
                    }
                }
            }
        }
    }
}

/// Whether a kernel reads `weight`, made of terms of this size, plus a bias as `read`: one product and zeros, so that f32 rounds once; each term of an affine
/// encoding once more, and their sum. A class that rounds its operands is within one place of f16, which is less than an eighth of what tells neighbouring
/// nibbles apart, or within half of the smallest f16, and rounds their sum with a bias as f32 does, however small it is beside them.
fn is_read_as(weight: f64, bias: f64, terms: f64, read: f32, variant: &Variant) -> bool {
    let sum = weight + bias;
    let difference = (f64::from(read) - sum).abs();
    let affine = variant.configuration.encoding.is_affine();
    match variant.configuration.numeric {
        NumericClass::F16Multiply => {
            let of_terms = if affine {
                terms * f64::from(f32::EPSILON)
            } else {
                0.0
            };
            difference
                <= (weight.abs() * F16_EPSILON).max(F16_LEAST)
                    + sum.abs() * f64::from(f32::EPSILON)
                    + of_terms
        }
        _ if affine => difference <= terms * 2.0 * f64::from(f32::EPSILON),
        _ => sum as f32 == read,
    }
}

/// K and a group size that the variant serves, K as small as more than one group, and for ragged ones a tail, allow.
fn layer_of(constraints: Constraints) -> (u32, u32) {
    let group_size = constraints
        .group_size
        .unwrap_or(match constraints.group_size_multiple {
            1 => 5,
            multiple => multiple,
        });
    let k = constraints.k.unwrap_or(match constraints.k_multiple {
        1 => 2 * group_size + 1,
        // A constant group size may be a part of what K is a multiple of.
        multiple => (group_size + multiple).next_multiple_of(multiple),
    });
    (k, group_size)
}
