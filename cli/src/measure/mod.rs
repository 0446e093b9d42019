//! How long multiplications take on a device: the one way to measure, for every command.

mod arithmetic;
mod bandwidth;
mod clock;
mod compile;
mod pace;
mod program;
mod rotation;
mod spread;
mod stopwatch;
mod times;

pub(crate) use arithmetic::Arithmetic;
pub(crate) use bandwidth::ReadBandwidth;
pub(crate) use clock::Clock;
pub(crate) use compile::compile;
pub(crate) use pace::FullClock;
pub(crate) use rotation::{Extent, Order, Rotation, finish_uploads, rotation_bytes, upload_copies};
pub(crate) use spread::Spread;
pub(crate) use stopwatch::Stopwatch;
pub(crate) use times::{Budget, Repetitions, Times, measure, measure_warm, warm_up};
