//! ONNX models: matrices that `com.microsoft.MatMulNBits` multiplies by, and those of four bits that `DequantizeLinear` makes floats of in front of a product.
//!
//! The reader is the project's own: a message of Protocol Buffers is four kinds of fields, and a general decoder would copy every tensor of a
//! model to find one.

mod dequantize_linear;
mod file;
mod graph;
mod matmul_nbits;
mod tensors;
mod wire;

pub(crate) use file::{File, recognises};
