//! The truth that kernels are measured against: quantiser, packing and product on the CPU, in float64.
//!
//! Slow and plain on purpose. Nothing here shares code with the kernels.

mod compare;
mod pack;
mod product;
mod quantize;
pub mod samples;

pub use compare::{Comparison, Difference, compare, compare_rounded};
pub use pack::{PackError, pack, unpack};
pub use product::{dequantize, linear, linear_columns, products, products_columns};
pub use quantize::{QuantizeError, quantize};
