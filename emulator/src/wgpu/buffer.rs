//! Buffers, mapping and staging.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use ::wgpu as api;
use ::wgpu::custom::{
    BufferInterface, BufferMapCallback, BufferMappedRangeInterface, DispatchBuffer,
    DispatchBufferMappedRange, QueueWriteBufferInterface,
};

use super::device::State;
use super::errors::lock;
use super::life::{Alive, Kind};
use crate::memory::Buffer;

/// A buffer of the device; another handle of it is a clone.
#[derive(Clone, Debug)]
pub(super) struct BufferResource {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Arc<State>,
    alive: Alive,
    label: String,
    usage: api::BufferUsages,
    /// Nothing if creation failed or the buffer was destroyed.
    contents: Mutex<Option<Buffer>>,
    mapping: Mutex<Mapping>,
}

#[derive(Clone, Debug, PartialEq)]
enum Mapping {
    None,
    /// Until the callback runs.
    Pending,
    Mapped {
        mode: api::MapMode,
        range: Range<u64>,
    },
}

impl BufferResource {
    pub(super) fn new(state: &Arc<State>, desc: &api::BufferDescriptor<'_>) -> Self {
        let label = desc.label.unwrap_or("buffer").to_owned();
        let contents = match problem(state, desc) {
            // What a lost device makes is a name without memory; of that WebGPU makes no error.
            _ if state.life.is_lost() => None,
            Some(problem) => {
                state
                    .errors
                    .validation(format!("create_buffer `{label}`: {problem}"));
                None
            }
            None => {
                let buffer = Buffer::try_zeroed(desc.size);
                if buffer.is_none() {
                    state
                        .errors
                        .out_of_memory(format!("create_buffer `{label}`: {} bytes", desc.size));
                }
                buffer
            }
        };
        let mapping = if desc.mapped_at_creation {
            Mapping::Mapped {
                mode: api::MapMode::Write,
                range: 0..desc.size,
            }
        } else {
            Mapping::None
        };
        let inner = Inner {
            state: state.clone(),
            alive: Alive::new(state, Kind::Buffer),
            label,
            usage: desc.usage,
            contents: Mutex::new(contents),
            mapping: Mutex::new(mapping),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The emulated buffer behind a wgpu buffer, if it is of this device.
    pub(super) fn of<'a>(buffer: &'a DispatchBuffer, state: &State) -> Option<&'a Self> {
        buffer.as_custom::<Self>().filter(|buffer| buffer.is_of(state))
    }

    /// Whether the buffer is of this device.
    pub(super) fn is_of(&self, state: &State) -> bool {
        self.inner.alive.is_of(state)
    }

    pub(super) fn label(&self) -> &str {
        &self.inner.label
    }

    /// Checks that the buffer was created for this usage.
    pub(super) fn require(&self, usage: api::BufferUsages) -> Result<(), String> {
        if self.inner.usage.contains(usage) {
            return Ok(());
        }
        Err(format!(
            "buffer `{}` lacks the usage {}",
            self.inner.label,
            names(usage)
        ))
    }

    /// The contents, unless the buffer is invalid or destroyed.
    pub(super) fn contents(&self) -> Option<Buffer> {
        lock(&self.inner.contents).clone()
    }

    /// The contents for the queue, or why it must not touch them.
    pub(super) fn for_queue(&self) -> Result<Buffer, String> {
        if *lock(&self.inner.mapping) != Mapping::None {
            return Err(format!("buffer `{}` is mapped", self.inner.label));
        }
        self.contents()
            .ok_or_else(|| format!("buffer `{}` is invalid or destroyed", self.inner.label))
    }
}

fn names(usage: api::BufferUsages) -> String {
    usage
        .iter_names()
        .map(|(name, _)| name)
        .collect::<Vec<_>>()
        .join(" | ")
}

fn problem(state: &State, desc: &api::BufferDescriptor<'_>) -> Option<String> {
    use api::BufferUsages as U;
    if desc.size > state.limits.max_buffer_size {
        return Some(format!(
            "{} bytes exceed max_buffer_size {}",
            desc.size, state.limits.max_buffer_size
        ));
    }
    if desc.usage.is_empty() {
        return Some("no usage".to_owned());
    }
    if desc.mapped_at_creation && !desc.size.is_multiple_of(api::COPY_BUFFER_ALIGNMENT) {
        return Some(format!(
            "{} bytes cannot be mapped at creation, they are no multiple of 4",
            desc.size
        ));
    }
    if !state.features.contains(api::Features::MAPPABLE_PRIMARY_BUFFERS) {
        let read = desc.usage.contains(U::MAP_READ) && !(U::MAP_READ | U::COPY_DST).contains(desc.usage);
        let write = desc.usage.contains(U::MAP_WRITE) && !(U::MAP_WRITE | U::COPY_SRC).contains(desc.usage);
        if read || write {
            return Some(format!(
                "the usage {} is not allowed for a buffer that can be mapped",
                names(desc.usage)
            ));
        }
    }
    None
}

impl BufferInterface for BufferResource {
    fn map_async(&self, mode: api::MapMode, range: Range<api::BufferAddress>, callback: BufferMapCallback) {
        let state = &self.inner.state;
        let needed = match mode {
            api::MapMode::Read => api::BufferUsages::MAP_READ,
            api::MapMode::Write => api::BufferUsages::MAP_WRITE,
        };
        let label = &self.inner.label;
        let problem = if let Err(message) = self.require(needed) {
            Some(format!("map_async: {message}"))
        } else if !range.start.is_multiple_of(api::MAP_ALIGNMENT)
            || !(range.end - range.start).is_multiple_of(api::COPY_BUFFER_ALIGNMENT)
        {
            Some(format!(
                "map_async: the range {range:?} of buffer `{label}` is not aligned to 8 and 4"
            ))
        } else if self.contents().is_none() {
            Some(format!("map_async: buffer `{label}` is invalid or destroyed"))
        } else if *lock(&self.inner.mapping) != Mapping::None {
            Some(format!("map_async: buffer `{label}` is mapped already"))
        } else {
            None
        };
        if let Some(problem) = problem {
            state.errors.validation(problem);
            state.call_later(move || callback(Err(api::BufferAsyncError)));
            return;
        }
        *lock(&self.inner.mapping) = Mapping::Pending;
        let inner = self.inner.clone();
        state.call_later(move || {
            let mapped = {
                let mut mapping = lock(&inner.mapping);
                let pending = *mapping == Mapping::Pending;
                if pending {
                    *mapping = Mapping::Mapped { mode, range };
                }
                pending
            };
            callback(if mapped {
                Ok(())
            } else {
                Err(api::BufferAsyncError)
            });
        });
    }

    fn get_mapped_range(
        &self,
        sub_range: Range<api::BufferAddress>,
    ) -> Result<DispatchBufferMappedRange, api::MapRangeError> {
        // wgpu itself answers with an error if the range is not within what was asked to be mapped. What it does not
        // know is whether that has happened yet.
        let mapping = lock(&self.inner.mapping).clone();
        let inside = match &mapping {
            Mapping::Mapped { range, .. } => range.start <= sub_range.start && sub_range.end <= range.end,
            _ => false,
        };
        let length = usize::try_from(sub_range.end.saturating_sub(sub_range.start)).unwrap_or(0);
        let mut bytes = Vec::new();
        let contents = self.contents().filter(|_| inside);
        if contents.is_none() {
            let label = &self.inner.label;
            self.inner
                .state
                .errors
                .validation(format!("get_mapped_range: buffer `{label}` is not mapped there"));
        }
        if bytes.try_reserve_exact(length).is_ok() {
            bytes.resize(length, 0);
        }
        if let Some(contents) = &contents
            && contents.read(sub_range.start, &mut bytes).is_err()
        {
            bytes.fill(0);
        }
        let writable = matches!(
            mapping,
            Mapping::Mapped {
                mode: api::MapMode::Write,
                ..
            }
        );
        let target = contents.filter(|_| writable);
        let view = MappedRange {
            bytes,
            offset: sub_range.start,
            target,
            written: false,
        };
        Ok(DispatchBufferMappedRange::custom(view))
    }

    fn unmap(&self) {
        *lock(&self.inner.mapping) = Mapping::None;
    }

    fn destroy(&self) {
        *lock(&self.inner.mapping) = Mapping::None;
        *lock(&self.inner.contents) = None;
    }
}

/// A copy of a mapped range, which goes back into the buffer when it is dropped after writing.
#[derive(Debug)]
struct MappedRange {
    bytes: Vec<u8>,
    offset: u64,
    target: Option<Buffer>,
    written: bool,
}

#[expect(
    unsafe_code,
    reason = "wgpu's interface declares some functions unsafe; these bodies do nothing unsafe"
)]
impl BufferMappedRangeInterface for MappedRange {
    fn len(&self) -> usize {
        self.bytes.len()
    }

    unsafe fn read_slice(&self) -> &[u8] {
        &self.bytes
    }

    unsafe fn write_slice(&mut self) -> api::WriteOnly<'_, [u8]> {
        self.written = true;
        api::WriteOnly::from_mut(&mut self.bytes)
    }
}

impl Drop for MappedRange {
    fn drop(&mut self) {
        if let Some(target) = self.target.as_ref().filter(|_| self.written) {
            // The range was inside of the buffer when it was mapped, and buffers do not shrink.
            let _ = target.write(self.offset, &self.bytes);
        }
    }
}

/// Bytes on their way into a buffer.
#[derive(Debug)]
pub(super) struct StagingBuffer {
    pub(super) bytes: Vec<u8>,
}

#[expect(
    unsafe_code,
    reason = "wgpu's interface declares some functions unsafe; these bodies do nothing unsafe"
)]
impl QueueWriteBufferInterface for StagingBuffer {
    fn len(&self) -> usize {
        self.bytes.len()
    }

    unsafe fn write_slice(&mut self) -> api::WriteOnly<'_, [u8]> {
        api::WriteOnly::from_mut(&mut self.bytes)
    }
}
