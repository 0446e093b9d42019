//! One case on the emulator: buffers exactly as large as the host makes them, every fault, every output.

use std::num::NonZeroUsize;

use half::f16;
use q4_kernel::{
    Geometry, InputFormat, LayerShape, Params, Quantized, Shape, Tolerance, Variant,
    layout::{self, Binding},
    reference::{
        self,
        samples::{self, Data, Sample},
    },
};
use q4_kernel_emulator::{Bindings, Buffer, LaunchError, LaunchOptions, Program, Report, Sweep};

use crate::{Case, Promise, Verdict};

/// A pattern that no kernel computes: a NaN with a payload.
const POISON: u32 = 0x7FC0_DEAD;
/// Cases with fewer outputs than this are swept over schedules as well.
const SWEPT_OUTPUTS: u32 = 40;

/// Emulates one case with every subgroup size.
pub(crate) fn run(
    variant: &Variant,
    program: &Program,
    case: &Case,
    subgroup_sizes: &[u32],
    verdict: &mut Verdict,
) {
    let Shape { m, n, k, group_size } = case.shape;
    let describe = |what: &dyn std::fmt::Display| format!("{what} ({})", describe(case));
    let shape = LayerShape { n, k, group_size };
    let format = variant.configuration.weight_format();
    let Some(Sample { x, layer }) = samples::sample_of(format, m, shape, case.bias, case.data) else {
        verdict.find(Promise::NumericClass, describe(&"the case has no data"));
        return;
    };
    let grid = match variant
        .configuration
        .geometry
        .dispatch()
        .grid(m, n, case.grid_limit)
    {
        Ok(grid) => grid,
        Err(error) => {
            verdict.find(Promise::DispatchAgrees, describe(&error));
            return;
        }
    };
    let layer = match layer.round_scales(variant.configuration.scales.format) {
        Ok(layer) => layer,
        Err(error) => {
            verdict.find(Promise::NumericClass, describe(&error));
            return;
        }
    };
    let expected = reference::linear(&x, &layer);
    let products = if tolerance(variant, case).of_products > 0.0 {
        reference::products_for(&x, &layer, variant.configuration.numeric)
    } else {
        Vec::new()
    };
    for &subgroup_size in subgroup_sizes {
        let describe = |what: &dyn std::fmt::Display| {
            let subgroups = if program.uses_subgroups() {
                format!(", subgroups of {subgroup_size}")
            } else {
                String::new()
            };
            format!("{what} ({}{subgroups})", self::describe(case))
        };
        let mut bindings = bindings(variant, case, &x, &layer);
        let options = LaunchOptions {
            outputs: outputs(case),
            ..options(
                case.shape,
                variant.configuration.geometry.workgroup_size(),
                subgroup_size,
            )
        };
        match program.launch(&mut bindings, grid, &options) {
            Ok(report) => judge(&report, &describe, verdict),
            Err(error) => {
                verdict.find(Promise::DispatchAgrees, describe(&error));
                return;
            }
        }
        compare(
            variant,
            case,
            &bindings,
            (&expected, &products),
            &describe,
            verdict,
        );
        if m * n < SWEPT_OUTPUTS {
            sweep(
                program,
                self::bindings(variant, case, &x, &layer),
                grid,
                &options,
                &describe,
                verdict,
            );
        }
    }
}

/// How a multiplication is launched.
pub(crate) fn options(shape: Shape, lanes: u32, subgroup_size: u32) -> LaunchOptions {
    LaunchOptions {
        subgroup_size,
        // Cases are small and many: variants run beside each other, not workgroups.
        threads: Some(NonZeroUsize::MIN),
        // No loop of a kernel runs longer than a walk over K, over all columns, or over the lanes of a workgroup.
        loop_limit: u64::from(shape.k.max(shape.n).max(lanes)) + 1,
        ..LaunchOptions::default()
    }
}

/// Notes every fault of a launch.
pub(crate) fn judge(
    report: &Report,
    describe: &dyn Fn(&dyn std::fmt::Display) -> String,
    verdict: &mut Verdict,
) {
    verdict.launches += 1;
    verdict.lane_operations += report.counters.lane_operations;
    for fault in &report.faults {
        verdict.find(Promise::broken_by(fault.kind), describe(fault));
    }
    if report.faults_left_out > 0 {
        verdict.find(
            Promise::InBounds,
            describe(&format!("{} more kinds of faults", report.faults_left_out)),
        );
    }
}

/// Runs the launch under other schedules; its results must not change by a bit.
fn sweep(
    program: &Program,
    bindings: Bindings,
    grid: [u32; 3],
    options: &LaunchOptions,
    describe: &dyn Fn(&dyn std::fmt::Display) -> String,
    verdict: &mut Verdict,
) {
    // Sums of floats may depend on the size of subgroups, so each size is swept by itself.
    let sweep = Sweep {
        subgroup_sizes: vec![options.subgroup_size],
        ..Sweep::default()
    };
    let swept: Result<_, LaunchError> = program.sweep(&bindings, grid, options, &sweep);
    match swept {
        Ok(found) => {
            for run in &found.runs {
                judge(&run.report, describe, verdict);
            }
            if let Some(difference) = found.difference {
                verdict.find(Promise::RaceFree, describe(&difference));
            }
        }
        Err(error) => verdict.find(Promise::DispatchAgrees, describe(&error)),
    }
}

/// Every output against the reference, and every other word of the buffer against the poison.
fn compare(
    variant: &Variant,
    case: &Case,
    bindings: &Bindings,
    (expected, products): (&[f64], &[f64]),
    describe: &dyn Fn(&dyn std::fmt::Display) -> String,
    verdict: &mut Verdict,
) {
    let words: Vec<u32> = bindings
        .buffer(0, Binding::Output.index())
        .map(Buffer::to_vec)
        .unwrap_or_default();
    let (n, stride, start) = (
        case.shape.n as usize,
        stride(case) as usize,
        case.output_offset as usize,
    );
    let mut got = Vec::with_capacity(expected.len());
    let mut strays = 0;
    for (index, &word) in words.iter().enumerate() {
        let is_output = index >= start && (index - start) % stride < n;
        if is_output {
            got.push(f32::from_bits(word));
        } else if word != POISON {
            strays += 1;
        }
    }
    if strays > 0 {
        verdict.find(
            Promise::OutputsWrittenOnce,
            describe(&format!("{strays} elements beside the outputs were written")),
        );
    }
    let comparison = reference::compare_rounded(expected, products, &got, n, tolerance(variant, case));
    if let Some(wrong) = comparison.first_wrong {
        let unwritten = f32::to_bits(wrong.got) == POISON;
        let promise = if unwritten {
            Promise::OutputsWrittenOnce
        } else {
            Promise::NumericClass
        };
        let message = format!(
            "{} of {} outputs are wrong, the first at m={} n={}: {} instead of {}",
            comparison.wrong, comparison.elements, wrong.m, wrong.n, wrong.got, wrong.expected
        );
        verdict.find(promise, describe(&message));
    }
}

fn tolerance(variant: &Variant, case: &Case) -> Tolerance {
    match case.data {
        Data::Exact if variant.configuration.numeric.keeps_exact_data() => Tolerance::ZERO,
        Data::Exact | Data::Random { .. } => variant.configuration.tolerance(case.shape.k),
    }
}

/// The output counts as one that is written whole only where it is: no offset, no columns of others.
fn outputs(case: &Case) -> Vec<(u32, u32)> {
    let whole = case.output_offset == 0 && case.other_columns == 0;
    if whole {
        vec![(0, Binding::Output.index())]
    } else {
        Vec::new()
    }
}

fn stride(case: &Case) -> u32 {
    case.shape.n + case.other_columns
}

/// Buffers of the sizes that the host guarantees, and not a word more.
pub(crate) fn bindings(variant: &Variant, case: &Case, x: &[f32], layer: &Quantized<'_>) -> Bindings {
    let scales = variant.configuration.scales;
    let Shape { m, n, k, group_size } = case.shape;
    let params = Params {
        m,
        n,
        k,
        k_packed: layout::packed_k(k),
        group_size,
        padded_n: u32::try_from(layout::padded_n(n)).unwrap_or(u32::MAX),
        has_bias: u32::from(layer.bias().is_some()),
        output_stride: stride(case),
        input_offset: case.input_offset,
        output_offset: case.output_offset,
    };
    let outputs = case.output_offset + (m - 1) * stride(case) + n;
    let mut weight = layer.weight().to_vec();
    weight.resize(weight.len().next_multiple_of(size_of::<u32>()), 0xFF);
    let bindings = Bindings::new()
        .with(
            0,
            Binding::Output.index(),
            Buffer::from_slice(&vec![POISON; outputs as usize]),
        )
        .with(
            0,
            Binding::Input.index(),
            stored_inputs(case.input_offset, x, k, variant.configuration.geometry),
        )
        .with(0, Binding::Weight.index(), Buffer::from_bytes(&weight))
        .with(
            0,
            Binding::Scales.index(),
            Buffer::from_bytes(&layer.stored_scales(scales)),
        )
        .with(
            0,
            Binding::Bias.index(),
            Buffer::from_slice(layer.bias().unwrap_or(&[f32::NAN])),
        )
        .with(
            0,
            Binding::Params.index(),
            Buffer::from_bytes(bytemuck::bytes_of(&params)),
        );
    let bindings = match layer.stored_offsets_of(scales, 0..n) {
        Some(offsets) => bindings.with(0, Binding::Offsets.index(), Buffer::from_bytes(&offsets)),
        None => bindings,
    };
    match layer.stored_levels() {
        Some(levels) => bindings.with(0, Binding::Codebook.index(), Buffer::from_slice(&levels)),
        None => bindings,
    }
}

/// Rows of `k` inputs as kernels find them, behind what lies before them in the binding.
fn stored_inputs(before: u32, x: &[f32], k: u32, geometry: Geometry) -> Buffer {
    let before = vec![f32::NAN; before as usize];
    match geometry.input_format() {
        InputFormat::F32 => Buffer::from_slice(&[&before, x].concat()),
        InputFormat::F16 => {
            let stride = geometry.input_stride(k) as usize;
            let rows = x.chunks(k.max(1) as usize).flat_map(|row| {
                (0..stride).map(|place| {
                    let eight = InputFormat::F16_ORDER.len();
                    let element = place / eight * eight + InputFormat::F16_ORDER[place % eight];
                    row.get(element).copied().unwrap_or(0.0)
                })
            });
            let stored = before.iter().copied().chain(rows);
            let bytes: Vec<u8> = stored.flat_map(|x| f16::from_f32(x).to_le_bytes()).collect();
            Buffer::from_bytes(&bytes)
        }
    }
}

fn describe(case: &Case) -> String {
    let Case {
        shape,
        bias,
        data,
        input_offset,
        output_offset,
        other_columns,
        grid_limit,
    } = case;
    let data = match data {
        Data::Exact => "exact data".to_owned(),
        Data::Random { seed } => format!("random data {seed}"),
    };
    format!(
        "{shape}, {}, {data}, input offset {input_offset}, output offset {output_offset}, \
         {other_columns} other columns, at most {grid_limit} workgroups a dimension",
        if *bias { "bias" } else { "no bias" }
    )
}
