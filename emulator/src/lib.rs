//! Runs a naga compute module on the CPU, checks every access and counts everything.
//!
//! A GPU clamps stray reads, hides data races and forgives barriers in divergent control flow, on most days. This crate
//! runs the very module that naga validated, on any machine, for any subgroup size, and reports each of these with the
//! line, the lane and the value, together with exact counts of bytes, sectors, bank conflicts and operations.
//!
//! ```
//! use q4_kernel_emulator::{Bindings, Buffer, CompileOptions, LaunchOptions, Program};
//!
//! let program = Program::from_wgsl(
//!     "@group(0) @binding(0) var<storage, read> x: array<f32>;
//!      @group(0) @binding(1) var<storage, read_write> y: array<f32>;
//!      @compute @workgroup_size(64)
//!      fn main(@builtin(global_invocation_id) id: vec3<u32>) { y[id.x] = 2.0 * x[id.x]; }",
//!     &CompileOptions::default(),
//! )?;
//! let mut bindings = Bindings::new()
//!     .with(0, 0, Buffer::from_slice(&[1.0f32; 100]))
//!     .with(0, 1, Buffer::zeroed(400));
//! let report = program.launch(&mut bindings, [2, 1, 1], &LaunchOptions::default())?;
//!
//! assert_eq!(bindings.buffer(0, 1).unwrap().to_vec::<f32>(), [2.0; 100]);
//! assert_eq!(report.counters.bindings[0].unique_bytes_read, 400);
//! // Two workgroups of 64 are 28 lanes too many, each of which reads and writes.
//! assert_eq!(
//!     report.faults[0].to_string(),
//!     "out_of_bounds at 4:78, lane 36 of workgroup (1, 0, 0): index 100 of `x`, which has 100 elements (56 times)"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What counts as a fault
//!
//! [`FaultKind`] lists the kinds and what happens instead. Some rules deserve their reasons:
//!
//! - **Data races** follow WGSL's memory model, not a device: `workgroupBarrier` orders workgroup memory, `storageBarrier`
//!   orders storage buffers, `subgroupBarrier` orders both, but only between lanes of one subgroup. Lanes of a subgroup
//!   are *not* ordered by running in lockstep. Workgroups are never ordered within a dispatch. Two lanes that write the
//!   same value race too. Atomic operations never race, because WGSL lets nobody access an atomic in another way.
//! - **Workgroup memory** counts as uninitialised, although WGSL makes it zero, because that costs time on a device and
//!   is often switched off; [`LaunchOptions::zero_init_workgroup`] makes it zero. Function and private variables are
//!   zero; [`CompileOptions::require_initialized_variables`] reports them.
//! - **Barriers** must be reached by all lanes of the workgroup, **subgroup operations** by all lanes of the subgroup
//!   that exist: subgroups may take different ways, lanes of one subgroup may not, and a lane that has returned is
//!   missing. **Cooperative operations** need whole subgroups, so the workgroup size must be a multiple of their size.
//! - A pointer out of bounds is a fault only where it is loaded from or stored to.
//! - Reads out of bounds are zero and writes are skipped, whatever a device would do.
//!
//! # How it computes
//!
//! `f32` arithmetic is that of IEEE 754 with subnormal numbers, never contracted; `fma` is fused. Every operation on `f16`
//! is rounded to nearest even. Transcendental functions are those of the platform. A subgroup reduction of floats adds
//! neighbours first, in the shape of a balanced tree. `coopMultiplyAdd` sums in `f32` with fused multiply-adds from the
//! first product to the last, and rounds an `f16` result once. Shuffles from lanes that do not take part give values that
//! differ from schedule to schedule.
//!
//! Integer division by zero gives the dividend, the remainder zero; shifts take their amount modulo the width; floats
//! convert to integers by saturation, NaN to zero.
//!
//! # Determinism
//!
//! Results, faults and counters do not depend on the number of threads. Workgroups run in parallel unless the order of
//! their atomic operations can show; if it turns out that workgroups raced, the launch is repeated one by one.
//! [`Program::sweep`] tells whether results depend on the order that a device may choose.
//!
//! # What it costs
//!
//! A checked launch keeps 16 bytes for each location (4 bytes, or 2 if the type has 16-bit scalars) of a writable buffer
//! that is touched, in each thread, and one or two bits for each location of any buffer. Time is given in the README.
//!
//! # What is not supported
//!
//! Textures, samplers, binding arrays and ray queries; types of 64 bits; `atomic` of other types than `i32`, `u32` and
//! `f32`; cooperative matrices in memory, or loaded from anything but arrays of scalars. Compiling such a module is an
//! error that names the construct and its line. Not modelled: `@coherent` and `@volatile`, memory barriers without
//! control barrier, spurious failures of `atomicCompareExchangeWeak`.

mod bytecode;
mod compile;
mod counters;
mod error;
mod execute;
mod fault;
mod launch;
mod layout;
mod memory;
mod program;
mod report;
mod schedule;
mod source;
mod stack;
mod sweep;
#[cfg(feature = "wgpu")]
pub mod wgpu;

pub use counters::{BindingTraffic, Counters, FloatOperations, OperationCounts, WorkgroupTraffic};
pub use error::{CompileError, LaunchError, NotSupported};
pub use fault::{Fault, FaultKind};
pub use launch::LaunchOptions;
pub use memory::{BindingRange, Bindings, Buffer, OutOfRange};
pub use program::{AccessMode, BindingInfo, CompileOptions, Program};
pub use report::Report;
pub use schedule::{Order, Progress, Schedule};
pub use source::Location;
pub use sweep::{Difference, Sweep, SweepReport, SweepRun};
