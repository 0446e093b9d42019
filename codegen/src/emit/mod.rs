//! A generated kernel -> what its users compile and read.

mod geometry;
mod manifest;
pub mod rust;

pub use manifest::manifest;
