//! Command encoders, command buffers and query sets.

use std::sync::{Arc, Mutex};

use ::wgpu as api;
use ::wgpu::custom::{
    CommandBufferInterface, CommandEncoderInterface, DispatchBuffer, DispatchCommandBuffer,
    DispatchComputePass, DispatchQuerySet, DispatchRenderPass, DispatchTexture, QuerySetInterface,
};

use super::absent;
use super::buffer::BufferResource;
use super::command::Command;
use super::device::State;
use super::errors::lock;
use super::pass::ComputePass;

/// Records commands.
#[derive(Debug)]
pub(super) struct CommandEncoder {
    recording: Arc<Recording>,
}

/// What an encoder and its passes write to.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) state: Arc<State>,
    label: String,
    inner: Mutex<Recorded>,
}

#[derive(Debug, Default)]
struct Recorded {
    commands: Vec<Command>,
    /// The first mistake, reported when recording ends.
    mistake: Option<String>,
}

impl Recording {
    pub(super) fn push(&self, command: Command) {
        lock(&self.inner).commands.push(command);
    }

    pub(super) fn mistake(&self, message: impl Into<String>) {
        lock(&self.inner).mistake.get_or_insert(message.into());
    }
}

impl CommandEncoder {
    pub(super) fn new(state: &Arc<State>, desc: &api::CommandEncoderDescriptor<'_>) -> Self {
        let label = desc.label.unwrap_or("encoder").to_owned();
        Self {
            recording: Arc::new(Recording {
                state: state.clone(),
                label,
                inner: Mutex::default(),
            }),
        }
    }

    fn record(&self, command: Result<Command, String>) {
        match command {
            Ok(command) => self.recording.push(command),
            Err(message) => self.recording.mistake(message),
        }
    }

    fn absent(&self, what: &str) {
        self.recording
            .mistake(format!("the emulated device does not support {what}"));
    }
}

/// A range of a buffer that is copied or cleared.
fn check_range(
    what: &str,
    buffer: &BufferResource,
    usage: api::BufferUsages,
    offset: u64,
    size: u64,
) -> Result<(), String> {
    let label = buffer.label();
    buffer
        .require(usage)
        .map_err(|message| format!("{what}: {message}"))?;
    if !offset.is_multiple_of(api::COPY_BUFFER_ALIGNMENT) || !size.is_multiple_of(api::COPY_BUFFER_ALIGNMENT)
    {
        return Err(format!(
            "{what}: {size} bytes from {offset} on are not aligned to 4"
        ));
    }
    let length = buffer.contents().map_or(0, |contents| contents.len());
    if offset.checked_add(size).is_none_or(|end| end > length) {
        return Err(format!(
            "{what}: {size} bytes from {offset} on of buffer `{label}`, which has {length}"
        ));
    }
    Ok(())
}

fn resource<'a>(buffer: &'a DispatchBuffer, state: &State) -> Result<&'a BufferResource, String> {
    BufferResource::of(buffer, state).ok_or_else(|| "a buffer of another device".to_owned())
}

fn copy(
    state: &State,
    source: &DispatchBuffer,
    source_offset: u64,
    target: &DispatchBuffer,
    target_offset: u64,
    size: Option<u64>,
) -> Result<Command, String> {
    let what = "copy_buffer_to_buffer";
    let (source, target) = (resource(source, state)?.clone(), resource(target, state)?.clone());
    let rest = || {
        source
            .contents()
            .map_or(0, |contents| contents.len().saturating_sub(source_offset))
    };
    let size = size.unwrap_or_else(rest);
    check_range(what, &source, api::BufferUsages::COPY_SRC, source_offset, size)?;
    check_range(what, &target, api::BufferUsages::COPY_DST, target_offset, size)?;
    let same = source
        .contents()
        .zip(target.contents())
        .is_some_and(|(a, b)| a.is_same(&b));
    if same {
        return Err(format!(
            "{what}: source and destination are the same buffer `{}`",
            source.label()
        ));
    }
    Ok(Command::CopyBuffer {
        source,
        source_offset,
        target,
        target_offset,
        size,
    })
}

fn clear(state: &State, buffer: &DispatchBuffer, offset: u64, size: Option<u64>) -> Result<Command, String> {
    let buffer = resource(buffer, state)?.clone();
    let rest = || {
        buffer
            .contents()
            .map_or(0, |contents| contents.len().saturating_sub(offset))
    };
    let size = size.unwrap_or_else(rest);
    check_range("clear_buffer", &buffer, api::BufferUsages::COPY_DST, offset, size)?;
    Ok(Command::ClearBuffer { buffer, offset, size })
}

/// A timestamp, if the feature is enabled and the set has such a query.
pub(super) fn timestamp(
    state: &State,
    feature: api::Features,
    set: &DispatchQuerySet,
    index: u32,
) -> Result<Command, String> {
    if !state.features.contains(feature) {
        return Err(format!("write_timestamp: the device lacks the feature {feature}"));
    }
    let set = set
        .as_custom::<QuerySet>()
        .ok_or("a query set of another device")?
        .clone();
    set.check(index, 1)?;
    Ok(Command::WriteTimestamp { set, index })
}

fn resolve(
    state: &State,
    set: &DispatchQuerySet,
    first: u32,
    count: u32,
    target: &DispatchBuffer,
    offset: u64,
) -> Result<Command, String> {
    let what = "resolve_query_set";
    let set = set
        .as_custom::<QuerySet>()
        .ok_or("a query set of another device")?
        .clone();
    set.check(first, count)?;
    if !offset.is_multiple_of(api::QUERY_RESOLVE_BUFFER_ALIGNMENT) {
        return Err(format!("{what}: the offset {offset} is not aligned to 256"));
    }
    let target = resource(target, state)?.clone();
    check_range(
        what,
        &target,
        api::BufferUsages::QUERY_RESOLVE,
        offset,
        8 * u64::from(count),
    )?;
    Ok(Command::ResolveQueries {
        set,
        first,
        count,
        target,
        offset,
    })
}

impl CommandEncoderInterface for CommandEncoder {
    fn copy_buffer_to_buffer(
        &self,
        source: &DispatchBuffer,
        source_offset: api::BufferAddress,
        destination: &DispatchBuffer,
        destination_offset: api::BufferAddress,
        copy_size: Option<api::BufferAddress>,
    ) {
        self.record(copy(
            &self.recording.state,
            source,
            source_offset,
            destination,
            destination_offset,
            copy_size,
        ));
    }

    fn copy_buffer_to_texture(
        &self,
        _: api::TexelCopyBufferInfo<'_>,
        _: api::TexelCopyTextureInfo<'_>,
        _: api::Extent3d,
    ) {
        self.absent("textures");
    }

    fn copy_texture_to_buffer(
        &self,
        _: api::TexelCopyTextureInfo<'_>,
        _: api::TexelCopyBufferInfo<'_>,
        _: api::Extent3d,
    ) {
        self.absent("textures");
    }

    fn copy_texture_to_texture(
        &self,
        _: api::TexelCopyTextureInfo<'_>,
        _: api::TexelCopyTextureInfo<'_>,
        _: api::Extent3d,
    ) {
        self.absent("textures");
    }

    fn begin_compute_pass(&self, desc: &api::ComputePassDescriptor<'_>) -> DispatchComputePass {
        DispatchComputePass::custom(ComputePass::new(&self.recording, desc))
    }

    fn begin_render_pass(&self, _: &api::RenderPassDescriptor<'_>) -> DispatchRenderPass {
        self.absent("render passes");
        DispatchRenderPass::custom(absent::RenderPass)
    }

    fn finish(&mut self) -> DispatchCommandBuffer {
        let recorded = std::mem::take(&mut *lock(&self.recording.inner));
        let commands = match recorded.mistake {
            None => Some(recorded.commands),
            Some(mistake) => {
                self.recording
                    .state
                    .errors
                    .validation(format!("encoder `{}`: {mistake}", self.recording.label));
                None
            }
        };
        DispatchCommandBuffer::custom(CommandBuffer {
            commands: Mutex::new(commands),
        })
    }

    fn clear_texture(&self, _: &DispatchTexture, _: &api::ImageSubresourceRange) {
        self.absent("textures");
    }

    fn clear_buffer(
        &self,
        buffer: &DispatchBuffer,
        offset: api::BufferAddress,
        size: Option<api::BufferAddress>,
    ) {
        self.record(clear(&self.recording.state, buffer, offset, size));
    }

    fn insert_debug_marker(&self, _: &str) {}

    fn push_debug_group(&self, _: &str) {}

    fn pop_debug_group(&self) {}

    fn write_timestamp(&self, query_set: &DispatchQuerySet, query_index: u32) {
        let feature = api::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS;
        self.record(timestamp(&self.recording.state, feature, query_set, query_index));
    }

    fn resolve_query_set(
        &self,
        query_set: &DispatchQuerySet,
        first_query: u32,
        query_count: u32,
        destination: &DispatchBuffer,
        destination_offset: api::BufferAddress,
    ) {
        self.record(resolve(
            &self.recording.state,
            query_set,
            first_query,
            query_count,
            destination,
            destination_offset,
        ));
    }

    fn mark_acceleration_structures_built<'a>(
        &self,
        _: &mut dyn Iterator<Item = &'a api::Blas>,
        _: &mut dyn Iterator<Item = &'a api::Tlas>,
    ) {
        self.absent("acceleration structures");
    }

    fn build_acceleration_structures<'a>(
        &self,
        _: &mut dyn Iterator<Item = &'a api::BlasBuildEntry<'a>>,
        _: &mut dyn Iterator<Item = &'a api::Tlas>,
    ) {
        self.absent("acceleration structures");
    }

    fn transition_resources<'a>(
        &mut self,
        _: &mut dyn Iterator<Item = api::wgt::BufferTransition<&'a DispatchBuffer>>,
        _: &mut dyn Iterator<Item = api::wgt::TextureTransition<&'a DispatchTexture>>,
    ) {
        // There is one memory, and everything happens in order.
    }
}

/// Recorded commands, until they are submitted; nothing if recording went wrong.
#[derive(Debug)]
pub(super) struct CommandBuffer {
    commands: Mutex<Option<Vec<Command>>>,
}

impl CommandBuffer {
    pub(super) fn take(&self) -> Option<Vec<Command>> {
        lock(&self.commands).take()
    }
}

impl CommandBufferInterface for CommandBuffer {}

/// Timestamps; another handle of the set is a clone.
#[derive(Clone, Debug)]
pub(super) struct QuerySet {
    values: Arc<Mutex<Vec<u64>>>,
}

impl QuerySet {
    pub(super) fn new(state: &State, desc: &api::QuerySetDescriptor<'_>) -> Self {
        let label = desc.label.unwrap_or("query set");
        let mut count = desc.count;
        if !matches!(desc.ty, api::QueryType::Timestamp) {
            state.not_supported("queries of anything but timestamps");
            count = 0;
        } else if !state.features.contains(api::Features::TIMESTAMP_QUERY) {
            state.errors.validation(format!(
                "create_query_set `{label}`: the device lacks TIMESTAMP_QUERY"
            ));
            count = 0;
        } else if count == 0 || count > api::QUERY_SET_MAX_QUERIES {
            let most = api::QUERY_SET_MAX_QUERIES;
            state.errors.validation(format!(
                "create_query_set `{label}`: {count} queries, allowed are 1 to {most}"
            ));
            count = 0;
        }
        Self {
            values: Arc::new(Mutex::new(vec![0; count as usize])),
        }
    }

    fn check(&self, first: u32, count: u32) -> Result<(), String> {
        let length = lock(&self.values).len();
        let end = first as usize + count as usize;
        if end > length {
            Err(format!("queries {first}..{end} of a set of {length}"))
        } else {
            Ok(())
        }
    }

    pub(super) fn write(&self, index: u32, value: u64) {
        if let Some(query) = lock(&self.values).get_mut(index as usize) {
            *query = value;
        }
    }

    pub(super) fn read(&self, first: u32, count: u32) -> Vec<u64> {
        lock(&self.values)
            .iter()
            .skip(first as usize)
            .take(count as usize)
            .copied()
            .collect()
    }
}

impl QuerySetInterface for QuerySet {
    fn destroy(&self) {
        lock(&self.values).clear();
    }
}
