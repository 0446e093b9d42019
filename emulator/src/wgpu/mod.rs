//! An ordinary wgpu device whose compute passes run on the emulator.
//!
//! For machines without any GPU driver, and for tests that want every dispatch checked. Buffers, bind groups, compute
//! pipelines, passes, copies, mapping, timestamps and error scopes work as wgpu describes them; everything to do with
//! textures and rendering answers with a validation error.
//!
//! ```
//! use q4_kernel_emulator::wgpu::Options;
//!
//! let (_adapter, device, queue) = q4_kernel_emulator::wgpu::device(Options::default());
//! let buffer = device.create_buffer(&::wgpu::BufferDescriptor {
//!     label: None,
//!     size: 16,
//!     usage: ::wgpu::BufferUsages::COPY_DST | ::wgpu::BufferUsages::MAP_READ,
//!     mapped_at_creation: false,
//! });
//! queue.write_buffer(&buffer, 0, &[7; 16]);
//! buffer.map_async(::wgpu::MapMode::Read, .., |result| result.unwrap());
//! device.poll(::wgpu::PollType::wait_indefinitely()).unwrap();
//! assert_eq!(&buffer.get_mapped_range(..).unwrap()[..], &[7; 16]);
//! ```
//!
//! Work is done within [`Queue::submit`](::wgpu::Queue::submit), in the order of submission; callbacks run in the next
//! `submit` or `poll`. An error goes to the innermost error scope of the thread that accepts it, else to the handler
//! of `on_uncaptured_error`, else to the list that [`take_errors`] returns: unlike wgpu's own back ends this one never
//! panics.

mod absent;
mod adapter;
mod binding;
mod buffer;
mod command;
mod device;
mod encoder;
mod errors;
mod life;
mod pass;
mod pipeline;
mod queue;

use std::num::NonZeroUsize;

use ::wgpu as api;

pub use self::device::DispatchReport;
use crate::schedule::Schedule;

/// What the emulated adapter offers and how it runs dispatches.
#[derive(Clone, Debug)]
pub struct Options {
    /// Features of the adapter. [`device`] enables all of them.
    pub features: api::Features,
    /// Limits of the adapter. [`device`] asks for all of them.
    pub limits: api::Limits,
    /// Lanes of a subgroup.
    pub subgroup_size: u32,
    /// Threads that run workgroups; `None` for one per core.
    pub threads: Option<NonZeroUsize>,
    /// The order of what a device may do in any order.
    pub schedule: Schedule,
    /// Whether dispatches are checked and counted. A fault is a validation error of the device then; the launch goes
    /// on as [`FaultKind`](crate::FaultKind) says.
    pub checked: bool,
    /// Iterations after which a loop counts as endless, so that a dispatch ends.
    pub loop_limit: u64,
    /// How many of the latest [`DispatchReport`]s are kept.
    pub reports: usize,
}

impl Default for Options {
    /// Everything that the emulator can do, with all checks.
    fn default() -> Self {
        Self {
            features: device::supported_features(),
            limits: device::supported_limits(),
            subgroup_size: 32,
            threads: None,
            schedule: Schedule::LOCKSTEP,
            checked: true,
            loop_limit: crate::LaunchOptions::default().loop_limit,
            reports: 64,
        }
    }
}

impl Options {
    /// Everything that the emulator can do, without looking for faults and without counting.
    pub fn fast() -> Self {
        Self {
            checked: false,
            ..Self::default()
        }
    }
}

/// An instance whose only adapter is the emulator.
pub fn instance(options: Options) -> api::Instance {
    api::Instance::from_custom(adapter::EmulatedInstance::with_options(options))
}

/// The emulator as an adapter, from which devices with fewer features or lower limits can be requested.
pub fn adapter(options: Options) -> api::Adapter {
    api::Adapter::from_custom(adapter::EmulatedAdapter::new(options))
}

/// A device with all features and limits of the options, its queue, and their adapter.
pub fn device(options: Options) -> (api::Adapter, api::Device, api::Queue) {
    let state = device::State::new(options.clone(), options.features, options.limits.clone());
    let device = api::Device::from_custom(device::EmulatedDevice { state: state.clone() });
    let queue = api::Queue::from_custom(queue::EmulatedQueue { state });
    (adapter(options), device, queue)
}

/// Whether a device is an emulated one.
pub fn is_emulated(device: &api::Device) -> bool {
    device.as_custom::<device::EmulatedDevice>().is_some()
}

/// Reports of the latest dispatches of an emulated device, oldest first; they are handed out once. Empty for other
/// devices.
pub fn take_reports(device: &api::Device) -> Vec<DispatchReport> {
    device
        .as_custom::<device::EmulatedDevice>()
        .map(|device| device.state.take_reports())
        .unwrap_or_default()
}

/// Errors of an emulated device that neither a scope nor a handler took; they are handed out once.
pub fn take_errors(device: &api::Device) -> Vec<String> {
    device
        .as_custom::<device::EmulatedDevice>()
        .map(|device| device.state.errors.take())
        .unwrap_or_default()
}
