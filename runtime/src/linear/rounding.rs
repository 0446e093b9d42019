//! Inputs in f16.
//!
//! Kernels of many rows read every input once for each block of columns. Where they multiply in f16, those that [say so](InputFormat::F16) find inputs
//! rounded already, which halves what they load and spares all workgroups but one the rounding.

use super::{
    input_pass::{InputPass, Preparation, params_declaration},
    partition::Rows,
};
use crate::{Dispatch, DispatchError, Gpu, InputFormat, Operand, layout::Binding};

/// Rows that a workgroup rounds a part of, and the lanes of each: rows need not be long to fill them.
const ROWS: u32 = 4;
const LANES: u32 = 64;
/// Elements of a row that a lane rounds: those that are put in order among themselves.
const ELEMENTS: u32 = InputFormat::F16_ORDER.len() as u32;

pub(super) const DISPATCH: Dispatch = Dispatch::Folded {
    rows: ROWS,
    columns: LANES * ELEMENTS,
};

/// What the kernel binds.
pub(super) const BINDINGS: [Binding; 3] = [Binding::Output, Binding::Input, Binding::Params];

/// The text of the kernel, for rows of a multiple of [`ELEMENTS`] inputs.
pub(super) fn text() -> String {
    let params_declaration = params_declaration();
    let [output, input, params] = BINDINGS.map(Binding::index);
    let [a, b, c, d, e, f, g, h] = InputFormat::F16_ORDER
        .map(|element| ["low", "high"][element / 4].to_owned() + [".x", ".y", ".z", ".w"][element % 4]);
    format!(
        "enable f16;

{params_declaration}
@group(0) @binding({output}) var<storage, read_write> output: array<vec4<u32>>;
@group(0) @binding({input}) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding({params}) var<uniform> params: Params;

// Rows of a workgroup, and the lanes of each.
const ROWS: u32 = {ROWS}u;
const LANES: u32 = {LANES}u;
// Elements of a row that a lane rounds.
const ELEMENTS: u32 = {ELEMENTS}u;

// A word of two inputs, rounded to the nearest as f16 is; drivers store 16 bytes at once where they are words.
fn round_pair(first: f32, second: f32) -> u32 {{
    return pack2x16float(vec2<f32>(vec2<f16>(vec2<f32>(first, second))));
}}

@compute @workgroup_size(ROWS * LANES)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {{
    // Tiles are numbered row by row; the y of the grid folds what exceeds the limit of x.
    let tile = workgroup.y * workgroups.x + workgroup.x;
    let tiles_n = (params.N + LANES * ELEMENTS - 1u) / (LANES * ELEMENTS);
    let m = (tile / tiles_n) * ROWS + thread / LANES;
    let n = ((tile % tiles_n) * LANES + thread % LANES) * ELEMENTS;
    if (m < params.M && n < params.N) {{
        let write_at = (params.output_offset + m * params.output_stride + n) / ELEMENTS;
        // Rows are filled up with zeros.
        var low = vec4<f32>();
        var high = vec4<f32>();
        if (n < params.K) {{
            let read_at = (params.input_offset + m * params.K + n) / 4u;
            low = input[read_at];
            high = input[read_at + 1u];
        }}
        output[write_at] = vec4<u32>(round_pair({a}, {b}), round_pair({c}, {d}), round_pair({e}, {f}), round_pair({g}, {h}));
    }}
}}
"
    )
}

/// The dispatches that round `rows` rows of `x` and fill them up with zeros, from `k` elements to `stride`, and the buffer in which they lie then: one for all
/// layers of the device.
pub(super) fn round(
    gpu: &Gpu,
    x: &Operand<'_>,
    rows: u32,
    (k, stride): (u32, u32),
) -> Result<(Preparation, wgpu::Buffer), DispatchError> {
    let bytes = u64::from(rows) * u64::from(stride) * u64::from(InputFormat::F16.bytes());
    let rounded = gpu.rounded_inputs().of(gpu, bytes)?;
    let from = Rows {
        operand: x,
        format: InputFormat::F32,
    };
    let to = Rows {
        operand: &Operand::from(&rounded),
        format: InputFormat::F16,
    };
    let round = InputPass::Round.prepare(gpu, rows, [k, stride], &from, &to, None)?;
    Ok((round, rounded))
}
