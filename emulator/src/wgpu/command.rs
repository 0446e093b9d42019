//! What an encoder records, and how the queue does it.

use std::sync::Arc;

use super::binding::BoundGroup;
use super::buffer::BufferResource;
use super::device::{DispatchReport, State};
use super::encoder::QuerySet;
use super::pipeline::Compiled;
use crate::launch::LaunchOptions;
use crate::memory::{BindingRange, Bindings};

/// One step of a command buffer.
#[derive(Debug)]
pub(super) enum Command {
    CopyBuffer {
        source: BufferResource,
        source_offset: u64,
        target: BufferResource,
        target_offset: u64,
        size: u64,
    },
    ClearBuffer {
        buffer: BufferResource,
        offset: u64,
        size: u64,
    },
    WriteTimestamp {
        set: QuerySet,
        index: u32,
    },
    ResolveQueries {
        set: QuerySet,
        first: u32,
        count: u32,
        target: BufferResource,
        offset: u64,
    },
    Dispatch(Box<Dispatch>),
}

/// A dispatch with all that was set when it was recorded.
#[derive(Debug)]
pub(super) struct Dispatch {
    pub(super) pipeline: Arc<Compiled>,
    /// Bind groups with their dynamic offsets.
    pub(super) groups: Vec<Option<(Arc<BoundGroup>, Vec<u32>)>>,
    pub(super) immediates: Vec<u8>,
    pub(super) workgroups: Workgroups,
}

#[derive(Clone, Debug)]
pub(super) enum Workgroups {
    Direct([u32; 3]),
    Indirect { buffer: BufferResource, offset: u64 },
}

impl Command {
    /// Does it; an error leaves the rest of the command buffer undone.
    pub(super) fn execute(self, state: &State) -> Result<(), String> {
        match self {
            Self::CopyBuffer {
                source,
                source_offset,
                target,
                target_offset,
                size,
            } => {
                let (source, target) = (source.for_queue()?, target.for_queue()?);
                source
                    .copy_to(source_offset, &target, target_offset, size)
                    .map_err(|error| error.to_string())
            }
            Self::ClearBuffer { buffer, offset, size } => buffer
                .for_queue()?
                .clear(offset, size)
                .map_err(|error| error.to_string()),
            Self::WriteTimestamp { set, index } => {
                set.write(index, state.timestamp());
                Ok(())
            }
            Self::ResolveQueries {
                set,
                first,
                count,
                target,
                offset,
            } => {
                let bytes = set
                    .read(first, count)
                    .into_iter()
                    .flat_map(u64::to_le_bytes)
                    .collect::<Vec<_>>();
                target
                    .for_queue()?
                    .write(offset, &bytes)
                    .map_err(|error| error.to_string())
            }
            Self::Dispatch(dispatch) => dispatch.execute(state),
        }
    }
}

impl Dispatch {
    fn execute(&self, state: &State) -> Result<(), String> {
        let workgroups = self.workgroups(state)?;
        let mut bindings = self.bindings()?;
        let program = &self.pipeline.program;
        let immediates = program.immediate_bytes() as usize;
        let options = LaunchOptions {
            subgroup_size: state.options.subgroup_size,
            schedule: state.options.schedule,
            threads: state.options.threads,
            checked: state.options.checked,
            loop_limit: state.options.loop_limit,
            zero_init_workgroup: self.pipeline.zero_init_workgroup,
            max_workgroups_per_dimension: state.limits.max_compute_workgroups_per_dimension,
            immediates: self.immediates.get(..immediates).unwrap_or_default().to_vec(),
            ..LaunchOptions::default()
        };
        let label = &self.pipeline.label;
        let report = program
            .launch(&mut bindings, workgroups, &options)
            .map_err(|error| format!("dispatch of `{label}`: {error}"))?;
        let faults = (!report.is_clean()).then(|| report.to_string());
        state.add_report(DispatchReport {
            pipeline: label.clone(),
            workgroups,
            report,
        });
        if let Some(faults) = faults {
            // The dispatch was carried out; what comes after it may still be of use.
            state
                .errors
                .validation(format!("dispatch of `{label}`:\n{faults}"));
        }
        Ok(())
    }

    fn workgroups(&self, state: &State) -> Result<[u32; 3], String> {
        match &self.workgroups {
            Workgroups::Direct(workgroups) => Ok(*workgroups),
            Workgroups::Indirect { buffer, offset } => {
                let mut bytes = [0; 12];
                buffer
                    .for_queue()?
                    .read(*offset, &mut bytes)
                    .map_err(|error| error.to_string())?;
                let words = bytes.as_chunks::<4>().0;
                let mut workgroups = [0; 3];
                for (to, &word) in workgroups.iter_mut().zip(words) {
                    *to = u32::from_le_bytes(word);
                }
                // An indirect dispatch beyond the limit does nothing.
                let limit = state.limits.max_compute_workgroups_per_dimension;
                Ok(if workgroups.iter().any(|&count| count > limit) {
                    [0; 3]
                } else {
                    workgroups
                })
            }
        }
    }

    fn bindings(&self) -> Result<Bindings, String> {
        let mut bindings = Bindings::new();
        for info in self.pipeline.program.bindings() {
            let group = self.groups.get(info.group as usize).and_then(Option::as_ref);
            let (group, offsets) = group.ok_or_else(|| format!("no bind group for {info}"))?;
            let mut offsets = offsets.iter();
            for (entry, range) in group.layout.iter().zip(&group.buffers) {
                let has_offset = matches!(
                    entry.ty,
                    ::wgpu::BindingType::Buffer {
                        has_dynamic_offset: true,
                        ..
                    }
                );
                let dynamic = if has_offset {
                    offsets.next().copied().unwrap_or(0)
                } else {
                    0
                };
                if entry.binding != info.binding {
                    continue;
                }
                let buffer = range.buffer.for_queue()?;
                let offset = range.offset.saturating_add(u64::from(dynamic));
                bindings.set(
                    info.group,
                    info.binding,
                    BindingRange {
                        buffer,
                        offset,
                        size: Some(range.size),
                    },
                );
            }
        }
        Ok(bindings)
    }
}
