//! Memory that kernels work on, and what is known about each location of it.

mod bindings;
mod buffer;
pub(crate) mod race;
pub(crate) mod traffic;

pub use bindings::{BindingRange, Bindings};
pub use buffer::{Buffer, OutOfRange};
