//! Inputs in the order in which weights are stored.
//!
//! Some quantisers take input features in an order of their own (GPTQ's act-order), so that those of a group are alike. Their weights then lie in that
//! order. Kernels know nothing of it: the inputs are put in order first, into a buffer that belongs to the weights.

use std::sync::{Arc, Mutex};

use super::{
    call::{Step, bound},
    partition::{self, Columns},
};
use crate::{
    BufferError, Capabilities, Dispatch, DispatchError, Gpu, Operand, Params, UploadError, Weights,
    layout::Binding,
};

/// Elements that a workgroup moves.
const COLUMNS: u32 = 256;

const DISPATCH: Dispatch = Dispatch::Folded {
    rows: 1,
    columns: COLUMNS,
};

/// What the kernel binds: in the place of weights there is the order.
pub(crate) const BINDINGS: [Binding; 4] = [Binding::Output, Binding::Input, Binding::Weight, Binding::Params];

/// The text of the kernel. It is no variant: it multiplies nothing, serves every shape, and runs with all checks.
pub(crate) fn text() -> String {
    let fields: String = Params::FIELDS
        .iter()
        .map(|field| format!("    {}: u32,\n", field.name))
        .collect();
    let [output, input, order, params] = BINDINGS.map(Binding::index);
    format!(
        "struct Params {{
{fields}}}

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
    pipeline: Arc<wgpu::ComputePipeline>,
    /// The inputs in order, of as many rows as were needed so far. Dispatches of one queue follow each other, so one buffer serves all.
    ordered: Mutex<Option<wgpu::Buffer>>,
}

/// Dispatches that put inputs in order.
#[derive(Debug)]
pub(super) struct Gather {
    pub(super) pipeline: Arc<wgpu::ComputePipeline>,
    pub(super) steps: Vec<Step>,
}

impl InputOrder {
    pub(crate) fn upload(gpu: &Gpu, order: &[u32]) -> Result<Self, UploadError> {
        let usage = wgpu::BufferUsages::STORAGE;
        Ok(Self {
            order: gpu.filled_buffer("q4 input order", usage, &[bytemuck::cast_slice(order)])?,
            pipeline: gpu.pipelines().gather(gpu)?,
            ordered: Mutex::default(),
        })
    }

    /// Bytes on the device.
    pub(crate) fn bytes(&self) -> u64 {
        let ordered = crate::gpu::lock(&self.ordered);
        self.order.size() + ordered.as_ref().map_or(0, wgpu::Buffer::size)
    }

    /// The dispatches that put `rows` rows of `x` in order, and the buffer in which they lie then.
    pub(super) fn gather(
        &self,
        weights: &Weights,
        x: &Operand<'_>,
        rows: u32,
    ) -> Result<(Gather, wgpu::Buffer), DispatchError> {
        let (gpu, k) = (weights.gpu(), weights.k());
        let ordered = self.room(gpu, u64::from(rows) * u64::from(k) * size_of::<f32>() as u64)?;
        let columns = Columns {
            first: 0,
            count: k,
            of: k,
        };
        let device: &Capabilities = gpu.capabilities();
        let to = Operand::from(&ordered);
        let steps = partition::windows(device, DISPATCH, rows, k, columns, x, &to)?
            .into_iter()
            .map(|window| {
                let params = Params {
                    m: window.rows,
                    n: k,
                    k,
                    output_stride: k,
                    input_offset: window.input.skipped,
                    output_offset: window.output.skipped,
                    ..Params::default()
                };
                let params = gpu.filled_buffer(
                    "q4 params",
                    wgpu::BufferUsages::UNIFORM,
                    &[bytemuck::bytes_of(&params)],
                )?;
                let resources = [
                    wgpu::BindingResource::Buffer(bound(&to, window.output)),
                    wgpu::BindingResource::Buffer(bound(x, window.input)),
                    self.order.as_entire_binding(),
                    params.as_entire_binding(),
                ];
                let entries: Vec<_> = BINDINGS
                    .into_iter()
                    .zip(resources)
                    .map(|(binding, resource)| wgpu::BindGroupEntry {
                        binding: binding.index(),
                        resource,
                    })
                    .collect();
                Step::new(gpu, gpu.pipelines().gather_layout(), &entries, window.grid)
            })
            .collect::<Result<_, DispatchError>>()?;
        let gather = Gather {
            pipeline: Arc::clone(&self.pipeline),
            steps,
        };
        Ok((gather, ordered))
    }

    /// A buffer of at least so many bytes. Earlier calls keep the one that they were made with.
    fn room(&self, gpu: &Gpu, bytes: u64) -> Result<wgpu::Buffer, BufferError> {
        let mut ordered = crate::gpu::lock(&self.ordered);
        match &*ordered {
            Some(buffer) if buffer.size() >= bytes => Ok(buffer.clone()),
            _ => {
                let buffer = gpu.empty_buffer("q4 ordered inputs", wgpu::BufferUsages::STORAGE, bytes)?;
                *ordered = Some(buffer.clone());
                Ok(buffer)
            }
        }
    }
}
