//! Dispatches before a multiplication that bring its inputs into the form that its kernel reads.
//!
//! Their kernels are no variants: they multiply nothing, serve every shape, and run with all checks.

use std::sync::{Arc, Mutex};

use super::{
    call::{Step, bound},
    gather,
    input_form::InputForm,
    partition::{self, Columns, Rows},
    rounding,
};
use crate::{BufferError, Dispatch, DispatchError, Gpu, Params, layout::Binding};

/// What is done to inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputPass {
    /// They are put in the order of the weights.
    Gather,
    /// They are rounded to f16.
    Round,
}

/// Dispatches that are ready to be recorded.
#[derive(Debug)]
pub(super) struct Preparation {
    /// What they make.
    pub(super) form: InputForm<wgpu::Buffer>,
    pub(super) pipeline: Arc<wgpu::ComputePipeline>,
    pub(super) steps: Vec<Step>,
}

/// A buffer that grows with what is asked of it. Dispatches of one queue follow each other, so one serves all.
#[derive(Debug, Default)]
pub(crate) struct Room(Mutex<Option<wgpu::Buffer>>);

impl InputPass {
    /// Both, by number.
    pub(crate) const ALL: [Self; 2] = [Self::Gather, Self::Round];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gather => "gather",
            Self::Round => "round",
        }
    }

    /// What the kernel binds, the parameters last.
    pub(crate) fn bindings(self) -> &'static [Binding] {
        match self {
            Self::Gather => &gather::BINDINGS,
            Self::Round => &rounding::BINDINGS,
        }
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::Gather => gather::text(),
            Self::Round => rounding::text(),
        }
    }

    fn dispatch(self) -> Dispatch {
        match self {
            Self::Gather => gather::DISPATCH,
            Self::Round => rounding::DISPATCH,
        }
    }

    /// The dispatches that write `rows` rows of inputs from one place to another, with so many elements in each; `order` is bound where the kernel binds it.
    pub(super) fn prepare(
        self,
        gpu: &Gpu,
        rows: u32,
        [from_k, to_k]: [u32; 2],
        from: &Rows<'_>,
        to: &Rows<'_>,
        order: Option<&wgpu::Buffer>,
    ) -> Result<Preparation, DispatchError> {
        let columns = Columns {
            first: 0,
            count: to_k,
            of: to_k,
        };
        let steps = partition::windows(
            gpu.capabilities(),
            self.dispatch(),
            rows,
            from_k,
            columns,
            from,
            to,
        )?
        .into_iter()
        .map(|window| {
            let params = Params {
                m: window.rows,
                n: to_k,
                k: from_k,
                output_stride: to_k,
                input_offset: window.input.skipped,
                output_offset: window.output.skipped,
                ..Params::default()
            };
            let params = gpu.filled_buffer(
                "q4 params",
                wgpu::BufferUsages::UNIFORM,
                &[bytemuck::bytes_of(&params)],
            )?;
            let entries: Vec<_> = self
                .bindings()
                .iter()
                .filter_map(|binding| {
                    let resource = match binding {
                        Binding::Output => wgpu::BindingResource::Buffer(bound(to.operand, window.output)),
                        Binding::Input => wgpu::BindingResource::Buffer(bound(from.operand, window.input)),
                        Binding::Params => params.as_entire_binding(),
                        _ => order?.as_entire_binding(),
                    };
                    Some(wgpu::BindGroupEntry {
                        binding: binding.index(),
                        resource,
                    })
                })
                .collect();
            Step::new(
                gpu,
                gpu.pipelines().input_pass_layout(self),
                &entries,
                window.grid,
            )
        })
        .collect::<Result<_, DispatchError>>()?;
        Ok(Preparation {
            form: InputForm {
                pass: self,
                rows,
                columns: [from_k, to_k],
                from: (from.operand.buffer.clone(), from.operand.offset),
                to: to.operand.buffer.clone(),
                order: order.cloned(),
            },
            pipeline: gpu.pipelines().input_pass(gpu, self)?,
            steps,
        })
    }
}

impl Room {
    /// A buffer of at least so many bytes. Earlier calls keep the one that they were made with.
    pub(super) fn of(&self, gpu: &Gpu, bytes: u64) -> Result<wgpu::Buffer, BufferError> {
        let mut room = crate::gpu::lock(&self.0);
        match &*room {
            Some(buffer) if buffer.size() >= bytes => Ok(buffer.clone()),
            _ => {
                let buffer = gpu.empty_buffer("q4 prepared inputs", wgpu::BufferUsages::STORAGE, bytes)?;
                *room = Some(buffer.clone());
                Ok(buffer)
            }
        }
    }

    /// Bytes on the device.
    pub(super) fn bytes(&self) -> u64 {
        crate::gpu::lock(&self.0).as_ref().map_or(0, wgpu::Buffer::size)
    }
}

/// `Params` as these kernels declare it.
pub(super) fn params_declaration() -> String {
    let fields: String = Params::FIELDS
        .iter()
        .map(|field| format!("    {}: u32,\n", field.name))
        .collect();
    format!("struct Params {{\n{fields}}}\n")
}
