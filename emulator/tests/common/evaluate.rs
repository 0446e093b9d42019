//! Expressions evaluated for many inputs.
#![allow(dead_code, reason = "every test program uses a part of it")]

use bytemuck::{AnyBitPattern, NoUninit};
use q4_kernel_emulator::{Bindings, Buffer, CompileOptions, LaunchOptions, Program, Report};

/// Runs a module whose entry point reads `@binding(0)` and writes `count` values to `@binding(1)`.
pub(crate) fn run<I: NoUninit, O: AnyBitPattern + NoUninit>(
    source: &str,
    input: &[I],
    count: usize,
    options: &LaunchOptions,
) -> (Vec<O>, Report) {
    let program = Program::from_wgsl(source, &CompileOptions::default())
        .unwrap_or_else(|error| panic!("{error}\n{source}"));
    let output = Buffer::zeroed((count * size_of::<O>()) as u64);
    let mut bindings = Bindings::new()
        .with(0, 0, Buffer::from_slice(input))
        .with(0, 1, output.clone());
    let report = program.launch(&mut bindings, [1, 1, 1], options).unwrap();
    (output.to_vec(), report)
}

/// `result = EXPRESSION` for each input, with `x` the input of type `ty` and `y` the next one; `items` are further
/// declarations.
pub(crate) fn evaluate_with<I: NoUninit, O: AnyBitPattern + NoUninit>(
    items: &str,
    (ty, result): (&str, &str),
    expression: &str,
    input: &[I],
) -> (Vec<O>, Report) {
    let count = input.len();
    let source = format!(
        "enable f16; enable wgpu_int16;
        @group(0) @binding(0) var<storage, read> input: array<{ty}>;
        @group(0) @binding(1) var<storage, read_write> output: array<{result}>;
        {items}
        @compute @workgroup_size({count})
        fn main(@builtin(local_invocation_index) i: u32) {{
            let x = input[i];
            let y = input[(i + 1u) % {count}u];
            output[i] = {expression};
        }}"
    );
    run(&source, input, count, &LaunchOptions::default())
}

/// The results of an expression that must not raise faults.
pub(crate) fn evaluate<I: NoUninit, O: AnyBitPattern + NoUninit>(
    types: (&str, &str),
    expression: &str,
    input: &[I],
) -> Vec<O> {
    let (values, report) = evaluate_with("", types, expression, input);
    assert!(report.is_clean(), "{expression}: {report}");
    values
}

/// Pairs `x` and `y` as [`evaluate`] makes them.
pub(crate) fn pairs<T: Copy>(values: &[T]) -> impl Iterator<Item = (T, T)> {
    values.iter().copied().zip(values.iter().copied().cycle().skip(1))
}

/// Every ordered pair of some values, laid out so that [`pairs`] meets each of them.
pub(crate) fn all_pairs<T: Copy>(values: &[T]) -> Vec<T> {
    values
        .iter()
        .flat_map(|&x| values.iter().flat_map(move |&y| [x, y]))
        .collect()
}
