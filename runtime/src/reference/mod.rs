//! The truth that kernels are measured against: the product on the CPU, in float64.
//!
//! Slow and plain on purpose. Nothing here shares code with the kernels.

mod compare;
mod product;
pub mod samples;

pub use compare::{Comparison, Difference, compare, compare_rounded};
pub use product::{
    dequantize, dequantized_terms, linear, linear_columns, products, products_columns, products_for, terms,
    terms_columns,
};
pub use q4_kernel_formats::{PackError, QuantizeError, pack, quantize, unpack};
