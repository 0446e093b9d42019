//! A generated kernel -> what its users compile and read.

mod manifest;
pub mod rust;

pub use manifest::manifest;
