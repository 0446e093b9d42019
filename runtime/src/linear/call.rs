//! A dispatch that is ready to be recorded, and the few that a layer keeps.

use std::sync::Arc;

use super::{
    input_form::{InputForm, Standing},
    input_pass::Preparation,
    partition::{self, Columns, Rows, Window},
    rounding,
};
use crate::{
    Capabilities, DispatchError, Gpu, InputFormat, Operand, Params, Variant, Weights, layout,
    layout::Binding, weights::Chunk,
};

/// A multiplication with everything bound: record it as often as its buffers live.
#[derive(Debug)]
pub struct Call {
    variant: String,
    /// What comes first where the kernel reads inputs in another form than the caller has them.
    preparations: Vec<Preparation>,
    pipeline: Arc<wgpu::ComputePipeline>,
    steps: Vec<Step>,
    output: wgpu::Buffer,
}

/// One dispatch of a [`Call`].
#[derive(Debug)]
pub(super) struct Step {
    bind_group: wgpu::BindGroup,
    grid: [u32; 3],
}

impl Call {
    pub(super) fn new(
        variant: &Variant,
        pipeline: &Arc<wgpu::ComputePipeline>,
        weights: &Weights,
        x: &Operand<'_>,
        y: &Operand<'_>,
        rows: u32,
    ) -> Result<Self, DispatchError> {
        check_operands(weights, x, y, rows)?;
        let geometry = variant.configuration.geometry;
        let (gather, ordered) = weights
            .input_order()
            .map(|order| order.gather(weights, x, rows))
            .transpose()?
            .unzip();
        let ordered = ordered.as_ref().map(Operand::from);
        let x = ordered.as_ref().unwrap_or(x);
        let format = geometry.input_format();
        let stride = geometry.input_stride(weights.k());
        let (round, rounded) = match format {
            InputFormat::F32 => None,
            InputFormat::F16 => Some(rounding::round(weights.gpu(), x, rows, (weights.k(), stride))?),
        }
        .unzip();
        let rounded = rounded.as_ref().map(Operand::from);
        let x = Rows {
            operand: rounded.as_ref().unwrap_or(x),
            format,
        };
        let y = Rows {
            operand: y,
            format: InputFormat::F32,
        };
        let mut steps = Vec::new();
        for chunk in weights.pieces() {
            let columns = Columns {
                first: chunk.columns.start,
                count: chunk.columns.end - chunk.columns.start,
                of: weights.n(),
            };
            let device: &Capabilities = weights.gpu().capabilities();
            let dispatch = geometry.dispatch();
            for window in partition::windows(device, dispatch, rows, stride, columns, &x, &y)? {
                steps.push(step(weights, chunk, columns, &window, x.operand, y.operand)?);
            }
        }
        Ok(Self {
            variant: variant.name.clone().into_owned(),
            preparations: gather.into_iter().chain(round).collect(),
            pipeline: Arc::clone(pipeline),
            steps,
            output: y.operand.buffer.clone(),
        })
    }

    /// Records the multiplication into `pass`, and with it the pass's pipeline and bind group 0.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        self.record_with(|_| true, pass);
    }

    /// Records several multiplications, one behind the other. Those that read the same rows of the same buffer, as the layers do that make queries, keys and values of one
    /// input, share what [puts them in order](crate::Quantized) or rounds them first, where their kernels read them in the same form.
    ///
    /// ```no_run
    /// use q4_kernel::{Call, DispatchError, Layer, wgpu};
    ///
    /// fn attention_inputs(
    ///     pass: &mut wgpu::ComputePass<'_>,
    ///     layers: [&Layer; 3],
    ///     x: &wgpu::Buffer,
    ///     outputs: [&wgpu::Buffer; 3],
    ///     rows: u32,
    /// ) -> Result<(), DispatchError> {
    ///     let calls = layers.into_iter().zip(outputs).map(|(layer, y)| layer.prepare(x, y, rows));
    ///     Call::record_all(&calls.collect::<Result<Vec<_>, _>>()?, pass);
    ///     Ok(())
    /// }
    /// ```
    pub fn record_all(calls: &[Arc<Self>], pass: &mut wgpu::ComputePass<'_>) {
        let mut standing = Standing::new();
        for call in calls {
            call.record_with(|form| standing.lacks(form), pass);
            standing.overwrite(&call.output);
        }
    }

    /// With those preparations that are still to be made.
    fn record_with<'a>(
        &'a self,
        mut lacks: impl FnMut(&'a InputForm<wgpu::Buffer>) -> bool,
        pass: &mut wgpu::ComputePass<'_>,
    ) {
        for Preparation {
            form,
            pipeline,
            steps,
        } in &self.preparations
        {
            if lacks(form) {
                record_steps(pass, pipeline, steps);
            }
        }
        record_steps(pass, &self.pipeline, &self.steps);
    }

    /// The variant that runs.
    #[must_use]
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// The grids of the variant that are dispatched: one, unless the multiplication is split. What puts inputs in order or rounds them comes before them.
    pub fn grids(&self) -> impl ExactSizeIterator<Item = [u32; 3]> + '_ {
        self.steps.iter().map(|step| step.grid)
    }
}

impl Step {
    pub(super) fn new(
        gpu: &Gpu,
        layout: &wgpu::BindGroupLayout,
        entries: &[wgpu::BindGroupEntry<'_>],
        grid: [u32; 3],
    ) -> Result<Self, DispatchError> {
        let (bind_group, error) = gpu.checked(|device| {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("q4"),
                layout,
                entries,
            })
        });
        match error {
            Some(error) => Err(DispatchError::Bind(error.to_string())),
            None => Ok(Self { bind_group, grid }),
        }
    }
}

fn record_steps(pass: &mut wgpu::ComputePass<'_>, pipeline: &wgpu::ComputePipeline, steps: &[Step]) {
    pass.set_pipeline(pipeline);
    for Step {
        bind_group,
        grid: [x, y, z],
    } in steps
    {
        pass.set_bind_group(0, bind_group, &[]);
        pass.dispatch_workgroups(*x, *y, *z);
    }
}

fn check_operands(
    weights: &Weights,
    x: &Operand<'_>,
    y: &Operand<'_>,
    rows: u32,
) -> Result<(), DispatchError> {
    if rows == 0 {
        return Err(DispatchError::NoRows);
    }
    let element = size_of::<f32>() as u64;
    let operands = [
        ("x", x, weights.k(), u64::from(layout::INPUT_ALIGNMENT)),
        ("y", y, weights.n(), element),
    ];
    for (
        operand,
        Operand {
            buffer,
            offset,
            bytes,
        },
        columns,
        alignment,
    ) in operands
    {
        if !buffer.usage().contains(wgpu::BufferUsages::STORAGE) {
            return Err(DispatchError::Usage { operand });
        }
        if !offset.is_multiple_of(alignment) {
            return Err(DispatchError::Alignment {
                operand,
                offset: *offset,
                alignment,
            });
        }
        let needed = u64::from(rows)
            .saturating_mul(u64::from(columns))
            .saturating_mul(element);
        if needed > *bytes {
            return Err(DispatchError::TooSmall {
                operand,
                needed,
                given: *bytes,
                rows,
                columns,
            });
        }
    }
    if x.buffer == y.buffer {
        return Err(DispatchError::SameBuffer);
    }
    Ok(())
}

fn step(
    weights: &Weights,
    chunk: &Chunk,
    columns: Columns,
    window: &Window,
    x: &Operand<'_>,
    y: &Operand<'_>,
) -> Result<Step, DispatchError> {
    let gpu = weights.gpu();
    let params = Params {
        m: window.rows,
        n: columns.count,
        k: weights.k(),
        k_packed: layout::packed_k(weights.k()),
        group_size: weights.group_size(),
        // A chunk's scales fit a binding of less than 4 GiB.
        padded_n: u32::try_from(layout::padded_n(columns.count)).unwrap_or(u32::MAX),
        has_bias: u32::from(weights.has_bias()),
        output_stride: weights.n(),
        input_offset: window.input.skipped,
        output_offset: window.output.skipped,
    };
    let params = gpu.filled_buffer(
        "q4 params",
        wgpu::BufferUsages::UNIFORM,
        &[bytemuck::bytes_of(&params)],
    )?;
    let encoding = weights.encoding();
    // What weights of an encoding have, their upload made.
    let entries: Vec<_> = Binding::of(encoding)
        .filter_map(|binding| {
            let resource = match binding {
                Binding::Output => wgpu::BindingResource::Buffer(bound(y, window.output)),
                Binding::Input => wgpu::BindingResource::Buffer(bound(x, window.input)),
                Binding::Weight => chunk.weight.as_entire_binding(),
                Binding::Scales => chunk.scales.as_entire_binding(),
                Binding::Bias => chunk.bias.as_entire_binding(),
                Binding::Params => params.as_entire_binding(),
                Binding::Offsets => chunk.offsets.as_ref()?.as_entire_binding(),
                Binding::Codebook => chunk.codebook.as_ref()?.as_entire_binding(),
            };
            Some(wgpu::BindGroupEntry {
                binding: binding.index(),
                resource,
            })
        })
        .collect();
    let layout = gpu.pipelines().bind_group_layout(encoding);
    Step::new(gpu, layout, &entries, window.grid)
}

pub(super) fn bound<'a>(operand: &Operand<'a>, placement: partition::Placement) -> wgpu::BufferBinding<'a> {
    wgpu::BufferBinding {
        buffer: operand.buffer,
        offset: placement.offset,
        size: wgpu::BufferSize::new(placement.bytes),
    }
}

/// The calls of a layer that were used last. Few enough to search one by one.
#[derive(Debug, Default)]
pub(crate) struct CallCache {
    /// Used last comes last.
    entries: Vec<(OwnedKey, Arc<Call>)>,
}

/// What distinguishes one call of a layer from another.
pub(super) struct Key<'a> {
    pub(super) kernel: u64,
    pub(super) rows: u32,
    pub(super) x: &'a Operand<'a>,
    pub(super) y: &'a Operand<'a>,
}

#[derive(Debug)]
struct OwnedKey {
    kernel: u64,
    rows: u32,
    x: (wgpu::Buffer, u64, u64),
    y: (wgpu::Buffer, u64, u64),
}

impl CallCache {
    /// Enough for every buffer pair of an engine that decodes, and a few prompt lengths.
    const CAPACITY: usize = 64;

    pub(super) fn get(&mut self, key: &Key<'_>) -> Option<Arc<Call>> {
        let found = self.entries.iter().rposition(|(owned, _)| owned.is(key))?;
        self.entries[found..].rotate_left(1);
        self.entries.last().map(|(_, call)| Arc::clone(call))
    }

    pub(super) fn insert(&mut self, key: &Key<'_>, call: &Arc<Call>) {
        if self.entries.len() == Self::CAPACITY {
            self.entries.remove(0);
        }
        let owned = |operand: &Operand<'_>| (operand.buffer.clone(), operand.offset, operand.bytes);
        let key = OwnedKey {
            kernel: key.kernel,
            rows: key.rows,
            x: owned(key.x),
            y: owned(key.y),
        };
        self.entries.push((key, Arc::clone(call)));
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

impl OwnedKey {
    fn is(&self, key: &Key<'_>) -> bool {
        let same = |(buffer, offset, bytes): &(wgpu::Buffer, u64, u64), operand: &Operand<'_>| {
            (offset, bytes) == (&operand.offset, &operand.bytes) && buffer == operand.buffer
        };
        (self.kernel, self.rows) == (key.kernel, key.rows) && same(&self.x, key.x) && same(&self.y, key.y)
    }
}
