//! GGUF, the container of llama.cpp: a header of named values, a table of tensors, and their blocks.

mod block;
mod cursor;
mod file;
mod header;
mod nibbles;
mod plain;

pub(crate) use file::File;

/// Whether a file is GGUF.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    bytes.starts_with(header::MAGIC)
}
