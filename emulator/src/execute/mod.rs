//! Running bytecode, one workgroup at a time.

mod arithmetic;
mod atomic;
mod check;
mod cooperative;
mod findings;
mod half;
mod lanes;
mod log;
mod machine;
mod mask;
mod memory;
mod pack;
mod record;
mod subgroup;
mod wave;
mod workgroup;
mod workgroup_memory;

pub(crate) use self::log::FaultLog;
pub(crate) use self::machine::{BoundBuffer, Dispatch, Machine};
pub(crate) use self::record::BindingRecord;

/// The offset of a lane whose index is out of range: it reads zero and writes nothing.
pub(crate) const SKIP: u32 = u32::MAX;
