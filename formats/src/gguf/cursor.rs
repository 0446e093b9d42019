//! Reading a header from its begin to its end, never beyond the file.

use crate::{FileError, Problem, file::Source};

/// A place in a header.
pub(super) struct Cursor<'a> {
    source: &'a Source,
    at: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: &'a Source, at: u64) -> Self {
        Self { source, at }
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn bytes(&mut self, what: &'static str, length: u64) -> Result<&'a [u8], FileError> {
        let bytes = self.source.slice(None, what, self.at, length)?;
        self.at += length;
        Ok(bytes)
    }

    fn array<const LENGTH: usize>(&mut self, what: &'static str) -> Result<[u8; LENGTH], FileError> {
        let bytes = self.bytes(what, LENGTH as u64)?;
        let mut array = [0; LENGTH];
        array.copy_from_slice(bytes);
        Ok(array)
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, FileError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, FileError> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A length of eight bytes, and as many of text.
    pub(super) fn string(&mut self, what: &'static str) -> Result<&'a [u8], FileError> {
        let length = self.u64(what)?;
        self.bytes(what, length)
    }

    /// What is wrong with what was read last.
    pub(super) fn malformed(&self, tensor: Option<&str>, at: u64, what: String) -> FileError {
        self.source.error(tensor, at, Problem::Malformed(what))
    }
}
