//! Safetensors files in the conventions of the tools that quantise.
//!
//! The names and types of the tensors of a layer say which convention it is in: nothing in the container does.

mod bitsandbytes;
mod compressed_floats;
mod compressed_tensors;
mod config;
mod decode;
mod file;
mod gptq;
mod order;
mod shards;
mod tensors;

pub(crate) use file::File;

/// Whether a file begins as safetensors files do, or is the index of such.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    is_one_file(bytes) || shards::recognises(bytes)
}

/// Whether a file begins with eight bytes of length, then JSON.
fn is_one_file(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{')
}
