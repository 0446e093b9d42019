//! Compute passes.

use std::sync::Arc;

use ::wgpu as api;
use ::wgpu::custom::{
    ComputePassInterface, DispatchBindGroup, DispatchBuffer, DispatchComputePipeline, DispatchQuerySet,
    DispatchTextureView,
};

use super::binding::{BindGroup, BoundGroup};
use super::buffer::BufferResource;
use super::command::{Command, Dispatch, Workgroups};
use super::encoder::{Recording, timestamp};
use super::pipeline::{Compiled, ComputePipeline};

/// Records dispatches.
#[derive(Debug)]
pub(super) struct ComputePass {
    recording: Arc<Recording>,
    pipeline: Option<Arc<Compiled>>,
    groups: Vec<Option<(Arc<BoundGroup>, Vec<u32>)>>,
    immediates: Vec<u8>,
    /// Written when the pass ends.
    last_timestamp: Option<Command>,
}

impl ComputePass {
    pub(super) fn new(recording: &Arc<Recording>, desc: &api::ComputePassDescriptor<'_>) -> Self {
        let mut pass = Self {
            recording: recording.clone(),
            pipeline: None,
            groups: Vec::new(),
            immediates: Vec::new(),
            last_timestamp: None,
        };
        if let Some(writes) = &desc.timestamp_writes {
            let command = |index: Option<u32>| {
                let set = writes.query_set.as_custom::<super::encoder::QuerySet>()?.clone();
                let set = DispatchQuerySet::custom(set);
                let feature = api::Features::TIMESTAMP_QUERY;
                index.map(|index| timestamp(&recording.state, feature, &set, index))
            };
            match command(writes.beginning_of_pass_write_index).transpose() {
                Ok(command) => command.into_iter().for_each(|command| recording.push(command)),
                Err(message) => recording.mistake(message),
            }
            match command(writes.end_of_pass_write_index).transpose() {
                Ok(command) => pass.last_timestamp = command,
                Err(message) => recording.mistake(message),
            }
        }
        pass
    }

    fn dispatch(&self, workgroups: Workgroups) -> Result<Command, String> {
        let pipeline = self.pipeline.clone().ok_or("dispatch without a pipeline")?;
        let label = &pipeline.label;
        if let Workgroups::Direct(count) = workgroups {
            let limit = self.recording.state.limits.max_compute_workgroups_per_dimension;
            if count.iter().any(|&count| count > limit) {
                return Err(format!(
                    "dispatch of `{label}`: {count:?} workgroups, at most {limit} in each dimension"
                ));
            }
        }
        for (index, wanted) in (0..).zip(&pipeline.layout.groups) {
            let Some(wanted) = wanted.as_ref().filter(|wanted| !wanted.is_empty()) else {
                continue;
            };
            let group = self.groups.get(index).and_then(Option::as_ref);
            let (group, _) =
                group.ok_or_else(|| format!("dispatch of `{label}`: bind group {index} is not set"))?;
            if group.layout != *wanted {
                return Err(format!(
                    "dispatch of `{label}`: bind group {index} does not fit the pipeline's layout"
                ));
            }
        }
        let needed = pipeline.program.immediate_bytes() as usize;
        let mut immediates = self.immediates.clone();
        immediates.resize(immediates.len().max(needed), 0);
        let dispatch = Dispatch {
            pipeline,
            groups: self.groups.clone(),
            immediates,
            workgroups,
        };
        Ok(Command::Dispatch(Box::new(dispatch)))
    }

    fn record(&self, command: Result<Command, String>) {
        match command {
            Ok(command) => self.recording.push(command),
            Err(message) => self.recording.mistake(message),
        }
    }

    fn bind(&mut self, index: u32, group: Option<&DispatchBindGroup>, offsets: &[u32]) -> Result<(), String> {
        let limits = &self.recording.state.limits;
        if index >= limits.max_bind_groups {
            return Err(format!(
                "set_bind_group {index}: at most {} groups",
                limits.max_bind_groups
            ));
        }
        let group = match group {
            None => None,
            Some(group) => {
                let group = group
                    .as_custom::<BindGroup>()
                    .ok_or("a bind group of another device")?;
                let group = group
                    .inner
                    .clone()
                    .ok_or_else(|| format!("set_bind_group {index}: it is invalid"))?;
                check_offsets(limits, &group, offsets)
                    .map_err(|message| format!("set_bind_group {index}: {message}"))?;
                Some((group, offsets.to_vec()))
            }
        };
        let index = index as usize;
        if self.groups.len() <= index {
            self.groups.resize(index + 1, None);
        }
        self.groups[index] = group;
        Ok(())
    }
}

/// Dynamic offsets: one for each entry that wants one, aligned, and within its buffer.
fn check_offsets(limits: &api::Limits, group: &BoundGroup, offsets: &[u32]) -> Result<(), String> {
    let dynamic = group
        .layout
        .iter()
        .zip(&group.buffers)
        .filter_map(|(entry, range)| match entry.ty {
            api::BindingType::Buffer {
                ty,
                has_dynamic_offset: true,
                ..
            } => Some((entry.binding, ty, range)),
            _ => None,
        });
    let dynamic = dynamic.collect::<Vec<_>>();
    if dynamic.len() != offsets.len() {
        return Err(format!(
            "{} dynamic offsets for {} bindings",
            offsets.len(),
            dynamic.len()
        ));
    }
    for ((binding, ty, range), &offset) in dynamic.into_iter().zip(offsets) {
        let alignment = match ty {
            api::BufferBindingType::Uniform => limits.min_uniform_buffer_offset_alignment,
            api::BufferBindingType::Storage { .. } => limits.min_storage_buffer_offset_alignment,
        };
        if !offset.is_multiple_of(alignment) {
            return Err(format!(
                "the dynamic offset {offset} of binding {binding} is no multiple of {alignment}"
            ));
        }
        let length = range.buffer.contents().map_or(0, |contents| contents.len());
        if range.offset + u64::from(offset) + range.size > length {
            return Err(format!(
                "the dynamic offset {offset} of binding {binding} leads out of its buffer"
            ));
        }
    }
    Ok(())
}

impl ComputePassInterface for ComputePass {
    fn set_pipeline(&mut self, pipeline: &DispatchComputePipeline) {
        match pipeline
            .as_custom::<ComputePipeline>()
            .and_then(|pipeline| pipeline.inner.clone())
        {
            Some(pipeline) => self.pipeline = Some(pipeline),
            None => self.recording.mistake("set_pipeline: the pipeline is invalid"),
        }
    }

    fn set_bind_group(
        &mut self,
        index: u32,
        bind_group: Option<&DispatchBindGroup>,
        offsets: &[api::DynamicOffset],
    ) {
        if let Err(message) = self.bind(index, bind_group, offsets) {
            self.recording.mistake(message);
        }
    }

    fn set_immediates(&mut self, offset: u32, data: &[u8]) {
        let (start, limit) = (
            offset as usize,
            self.recording.state.limits.max_immediate_size as usize,
        );
        let end = start.saturating_add(data.len());
        if end > limit || !start.is_multiple_of(4) || !data.len().is_multiple_of(4) {
            let length = data.len();
            self.recording.mistake(format!(
                "set_immediates: {length} bytes from {start} on, at most {limit}, by fours"
            ));
            return;
        }
        if self.immediates.len() < end {
            self.immediates.resize(end, 0);
        }
        self.immediates[start..end].copy_from_slice(data);
    }

    fn insert_debug_marker(&mut self, _: &str) {}

    fn push_debug_group(&mut self, _: &str) {}

    fn pop_debug_group(&mut self) {}

    fn write_timestamp(&mut self, query_set: &DispatchQuerySet, query_index: u32) {
        let feature = api::Features::TIMESTAMP_QUERY_INSIDE_PASSES;
        self.record(timestamp(&self.recording.state, feature, query_set, query_index));
    }

    fn begin_pipeline_statistics_query(&mut self, _: &DispatchQuerySet, _: u32) {
        self.recording
            .mistake("the emulated device does not support pipeline statistics");
    }

    fn end_pipeline_statistics_query(&mut self) {}

    fn dispatch_workgroups(&mut self, x: u32, y: u32, z: u32) {
        self.record(self.dispatch(Workgroups::Direct([x, y, z])));
    }

    fn dispatch_workgroups_indirect(
        &mut self,
        indirect_buffer: &DispatchBuffer,
        indirect_offset: api::BufferAddress,
    ) {
        let Some(buffer) = BufferResource::of(indirect_buffer, &self.recording.state).cloned() else {
            return self.recording.mistake("a buffer of another device");
        };
        let length = buffer.contents().map_or(0, |contents| contents.len());
        let outside = indirect_offset.checked_add(12).is_none_or(|end| end > length);
        if buffer.require(api::BufferUsages::INDIRECT).is_err()
            || outside
            || !indirect_offset.is_multiple_of(4)
        {
            let label = buffer.label();
            return self.recording.mistake(format!(
                "dispatch_workgroups_indirect: 12 bytes from {indirect_offset} on of buffer `{label}`"
            ));
        }
        self.record(self.dispatch(Workgroups::Indirect {
            buffer,
            offset: indirect_offset,
        }));
    }

    fn transition_resources<'a>(
        &mut self,
        _: &mut dyn Iterator<Item = api::wgt::BufferTransition<&'a DispatchBuffer>>,
        _: &mut dyn Iterator<Item = api::wgt::TextureTransition<&'a DispatchTextureView>>,
    ) {
        // There is one memory, and everything happens in order.
    }
}

impl Drop for ComputePass {
    fn drop(&mut self) {
        if let Some(timestamp) = self.last_timestamp.take() {
            self.recording.push(timestamp);
        }
    }
}
