//! Runs a naga compute module on the CPU, checks every access and counts everything.

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
mod sweep;

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
