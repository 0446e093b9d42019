#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod file;
mod gguf;
mod quantized;
mod scale;

pub use file::{FileError, Matrix, Model, Plain, Problem, Stored};
pub use quantized::{Codebook, Decoding, LayerShape, LayoutError, Parts, Quantized};
pub use scale::{exact, rounded};
