//! How many objects of a device are alive, and whether the device is.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

use ::wgpu as api;
use ::wgpu::custom::BoxDeviceLostCallback;

use super::device::State;
use super::errors::lock;

/// Living objects by kind, and the end of the device.
#[derive(Default)]
pub(super) struct Life {
    counts: [AtomicIsize; 3],
    lost: AtomicBool,
    lost_callback: Mutex<Option<BoxDeviceLostCallback>>,
}

/// Kinds of objects that are counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Buffer,
    BindGroup,
    ComputePipeline,
}

/// Counts an object for as long as it is kept in it.
#[derive(Debug)]
pub(super) struct Alive {
    state: Arc<State>,
    kind: Kind,
}

impl Alive {
    pub(super) fn new(state: &Arc<State>, kind: Kind) -> Self {
        state.life.counts[kind as usize].fetch_add(1, Ordering::Relaxed);
        Self {
            state: state.clone(),
            kind,
        }
    }

    /// Whether the object is of this device.
    pub(super) fn is_of(&self, state: &State) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.state), state)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.state.life.counts[self.kind as usize].fetch_sub(1, Ordering::Relaxed);
    }
}

impl Life {
    /// The counts, as wgpu reports them where its feature `counters` is on.
    pub(super) fn counters(&self) -> api::InternalCounters {
        let count = |kind: Kind| self.counts[kind as usize].load(Ordering::Relaxed);
        let counters = api::InternalCounters::default();
        counters.hal.buffers.set(count(Kind::Buffer));
        counters.hal.bind_groups.set(count(Kind::BindGroup));
        counters.hal.compute_pipelines.set(count(Kind::ComputePipeline));
        counters
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    pub(super) fn on_lost(&self, callback: BoxDeviceLostCallback) {
        *lock(&self.lost_callback) = Some(callback);
    }

    /// Ends the device. Returns what to call about it, once.
    pub(super) fn end(&self) -> Option<impl FnOnce() + Send + 'static> {
        self.lost.store(true, Ordering::Release);
        let callback = lock(&self.lost_callback).take()?;
        Some(move || {
            callback(
                api::DeviceLostReason::Destroyed,
                "the device was destroyed".to_owned(),
            )
        })
    }
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Life")
            .field("counts", &self.counts)
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}
