//! The queue.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::wgpu as api;
use ::wgpu::custom::{
    BoxSubmittedWorkDoneCallback, DispatchBlas, DispatchBuffer, DispatchCommandBuffer,
    DispatchQueueWriteBuffer, DispatchSurfaceOutputDetail, QueueInterface,
};

use super::absent;
use super::buffer::{BufferResource, StagingBuffer};
use super::device::State;
use super::encoder::CommandBuffer;

/// The queue: does everything at once.
#[derive(Debug)]
pub(super) struct EmulatedQueue {
    pub(super) state: Arc<State>,
}

impl EmulatedQueue {
    fn write(&self, buffer: &DispatchBuffer, offset: u64, data: &[u8]) -> Result<(), String> {
        let buffer = writable(buffer, &self.state, offset, data.len() as u64)?;
        buffer
            .for_queue()?
            .write(offset, data)
            .map_err(|error| error.to_string())
    }
}

/// The buffer, if a write of the queue may go there.
fn writable<'a>(
    buffer: &'a DispatchBuffer,
    state: &State,
    offset: u64,
    size: u64,
) -> Result<&'a BufferResource, String> {
    let buffer = BufferResource::of(buffer, state).ok_or("a buffer of another device")?;
    let label = buffer.label();
    buffer.require(api::BufferUsages::COPY_DST)?;
    if !offset.is_multiple_of(api::COPY_BUFFER_ALIGNMENT) || !size.is_multiple_of(api::COPY_BUFFER_ALIGNMENT)
    {
        return Err(format!(
            "{size} bytes to {offset} of buffer `{label}` are not aligned to 4"
        ));
    }
    let length = buffer.for_queue()?.len();
    if offset.checked_add(size).is_none_or(|end| end > length) {
        return Err(format!(
            "{size} bytes to {offset} of buffer `{label}`, which has {length}"
        ));
    }
    Ok(buffer)
}

impl QueueInterface for EmulatedQueue {
    fn write_buffer(&self, buffer: &DispatchBuffer, offset: api::BufferAddress, data: &[u8]) {
        if let Err(message) = self.write(buffer, offset, data) {
            self.state.errors.validation(format!("write_buffer: {message}"));
        }
    }

    fn create_staging_buffer(&self, size: api::BufferSize) -> Option<DispatchQueueWriteBuffer> {
        let mut bytes = Vec::new();
        let size = usize::try_from(size.get()).ok()?;
        if bytes.try_reserve_exact(size).is_err() {
            self.state
                .errors
                .out_of_memory(format!("a staging buffer of {size} bytes"));
            return None;
        }
        bytes.resize(size, 0);
        Some(DispatchQueueWriteBuffer::custom(StagingBuffer { bytes }))
    }

    fn validate_write_buffer(
        &self,
        buffer: &DispatchBuffer,
        offset: api::BufferAddress,
        size: api::BufferSize,
    ) -> Option<()> {
        match writable(buffer, &self.state, offset, size.get()) {
            Ok(_) => Some(()),
            Err(message) => {
                self.state
                    .errors
                    .validation(format!("write_buffer_with: {message}"));
                None
            }
        }
    }

    fn write_staging_buffer(
        &self,
        buffer: &DispatchBuffer,
        offset: api::BufferAddress,
        staging_buffer: &DispatchQueueWriteBuffer,
    ) {
        if let Some(staging) = staging_buffer.as_custom::<StagingBuffer>() {
            self.write_buffer(buffer, offset, &staging.bytes);
        }
    }

    fn write_texture(
        &self,
        _: api::TexelCopyTextureInfo<'_>,
        _: &[u8],
        _: api::TexelCopyBufferLayout,
        _: api::Extent3d,
    ) {
        self.state.not_supported("textures");
    }

    fn submit(&self, command_buffers: &mut dyn Iterator<Item = DispatchCommandBuffer>) -> u64 {
        for buffer in command_buffers {
            let commands = buffer.as_custom::<CommandBuffer>().and_then(CommandBuffer::take);
            let Some(commands) = commands else {
                self.state
                    .errors
                    .validation("submit: the command buffer is invalid");
                continue;
            };
            for command in commands {
                if let Err(message) = command.execute(&self.state) {
                    self.state.errors.validation(format!("submit: {message}"));
                    break;
                }
            }
        }
        let index = self.state.submissions.fetch_add(1, Ordering::AcqRel) + 1;
        self.state.run_callbacks();
        index
    }

    fn get_timestamp_period(&self) -> f32 {
        1.0
    }

    fn on_submitted_work_done(&self, callback: BoxSubmittedWorkDoneCallback) {
        self.state.call_later(callback);
    }

    fn compact_blas(&self, _: &DispatchBlas) -> (Option<u64>, DispatchBlas) {
        self.state.not_supported("acceleration structures");
        (None, DispatchBlas::custom(absent::AccelerationStructure))
    }

    fn present(&self, _: &DispatchSurfaceOutputDetail) {
        self.state.not_supported("surfaces");
    }
}
