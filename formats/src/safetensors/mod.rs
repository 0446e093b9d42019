//! Safetensors files in the conventions of the tools that quantise.
//!
//! The names and types of the tensors of a layer say which convention it is in: nothing in the container does.

mod bitsandbytes;
mod compressed_tensors;
mod config;
mod decode;
mod file;
mod gptq;
mod tensors;

pub(crate) use file::{File, recognises};
