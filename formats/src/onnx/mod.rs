//! ONNX models whose matrices are multiplied by `com.microsoft.MatMulNBits`.
//!
//! The reader is the project's own: a message of Protocol Buffers is four kinds of fields, and a general decoder would copy every tensor of a
//! model to find one.

mod file;
mod graph;
mod wire;

pub(crate) use file::{File, recognises};
