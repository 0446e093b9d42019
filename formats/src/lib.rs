#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod file;
mod gguf;
mod grid;
mod nibbles;
mod onnx;
mod own;
mod quantize;
mod quantized;
mod safetensors;
mod scale;

pub use file::{Container, FileError, Matrix, Model, Plain, Problem, Stored};
pub use own::{Conversion, ConvertError, Quantizer};
pub use quantize::{
    PackError, QuantizeError, pack, quantize, quantize_least_squares, relative_error, unpack,
};
pub use quantized::{Codebook, Decoding, LayerShape, LayoutError, Parts, Quantized};
pub use scale::{exact, rounded};
