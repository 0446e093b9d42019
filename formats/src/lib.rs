#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod quantized;
mod scale;

pub use quantized::{Codebook, Decoding, LayerShape, LayoutError, Parts, Quantized};
pub use scale::{exact, rounded};
