//! Inputs in the order in which weights are stored.
//!
//! Some quantisers take input features in an order of their own (GPTQ's act-order), so that those of a group are alike. Their weights then lie in that
//! order. Kernels know nothing of it: the inputs are put in order first, into a buffer that belongs to the weights.

use super::{
    input_pass::{InputPass, Preparation, Room, params_declaration},
    partition::Rows,
};
use crate::{Dispatch, DispatchError, Gpu, InputFormat, Operand, UploadError, Weights, layout::Binding};

/// Elements that a workgroup moves.
const COLUMNS: u32 = 256;

pub(super) const DISPATCH: Dispatch = Dispatch::Folded {
    rows: 1,
    columns: COLUMNS,
};

/// What the kernel binds: in the place of weights there is the order.
pub(super) const BINDINGS: [Binding; 4] = [Binding::Output, Binding::Input, Binding::Weight, Binding::Params];

/// The text of the kernel.
pub(super) fn text() -> String {
    let params_declaration = params_declaration();
    let [output, input, order, params] = BINDINGS.map(Binding::index);
    format!(
        "{params_declaration}
@group(0) @binding({output}) var<storage, read_write> output: array<f32>;
@group(0) @binding({input}) var<storage, read> input: array<f32>;
// For each place in a row of the output, the place in a row of the input.
@group(0) @binding({order}) var<storage, read> order: array<u32>;
@group(0) @binding({params}) var<uniform> params: Params;

const COLUMNS: u32 = {COLUMNS}u;

@compute @workgroup_size(COLUMNS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {{
    // Rows of whole workgroups; the y of the grid folds what exceeds the limit of x.
    let tile = workgroup.y * workgroups.x + workgroup.x;
    let tiles_n = (params.N + COLUMNS - 1u) / COLUMNS;
    let m = tile / tiles_n;
    let n = (tile % tiles_n) * COLUMNS + lane;
    if (m < params.M && n < params.N) {{
        output[params.output_offset + m * params.output_stride + n] = input[params.input_offset + m * params.K + order[n]];
    }}
}}
"
    )
}

/// The order that weights are stored in, on a device.
#[derive(Debug)]
pub(crate) struct InputOrder {
    /// For each k as stored, the input feature.
    order: wgpu::Buffer,
    /// The inputs in order, of as many rows as were needed so far.
    ordered: Room,
}

impl InputOrder {
    pub(crate) fn upload(gpu: &Gpu, order: &[u32]) -> Result<Self, UploadError> {
        let usage = wgpu::BufferUsages::STORAGE;
        // A pipeline that is refused is an error now, and not of the first dispatch.
        gpu.pipelines().input_pass(gpu, InputPass::Gather)?;
        Ok(Self {
            order: gpu.filled_buffer("q4 input order", usage, &[bytemuck::cast_slice(order)])?,
            ordered: Room::default(),
        })
    }

    /// Bytes on the device.
    pub(crate) fn bytes(&self) -> u64 {
        self.order.size() + self.ordered.bytes()
    }

    /// The dispatches that put `rows` rows of `x` in order, and the buffer in which they lie then.
    pub(super) fn gather(
        &self,
        weights: &Weights,
        x: &Operand<'_>,
        rows: u32,
    ) -> Result<(Preparation, wgpu::Buffer), DispatchError> {
        let (gpu, k) = (weights.gpu(), weights.k());
        let bytes = u64::from(rows) * u64::from(k) * u64::from(InputFormat::F32.bytes());
        let ordered = self.ordered.of(gpu, bytes)?;
        let f32s = |operand| Rows {
            operand,
            format: InputFormat::F32,
        };
        let to = Operand::from(&ordered);
        let gather = InputPass::Gather.prepare(gpu, rows, [k, k], &f32s(x), &f32s(&to), Some(&self.order))?;
        Ok((gather, ordered))
    }
}
