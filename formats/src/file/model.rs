//! A file of matrices, whatever its container.

use std::path::{Path, PathBuf};

use super::{FileError, Matrix, Problem, Reader, Source, Stored};
use crate::{gguf, onnx, own, safetensors};

/// An opened file. Only its index is in memory; weights come one matrix at a time.
#[derive(Debug)]
pub struct Model {
    container: &'static str,
    reader: Box<dyn Reader>,
    path: PathBuf,
}

impl Model {
    /// Opens a file of any container that is read. Its content says which it is, never its name.
    ///
    /// # Errors
    /// If the file cannot be opened, is of no such container, or its index is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::of(Source::open(path.as_ref())?)
    }

    /// Takes what a file holds, from wherever it came.
    ///
    /// # Errors
    /// If it is of no container that is read, or its index is damaged.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, FileError> {
        Self::of(Source::of_bytes(bytes))
    }

    fn of(source: Source) -> Result<Self, FileError> {
        let path = source.path().to_owned();
        let (container, reader) = read(source)?;
        Ok(Self {
            container,
            reader,
            path,
        })
    }

    /// What kind of file it is: `gguf`, say.
    #[must_use]
    pub fn container(&self) -> &'static str {
        self.container
    }

    /// Every matrix, in the order of the file.
    #[must_use]
    pub fn matrices(&self) -> &[Matrix] {
        self.reader.matrices()
    }

    /// The weights of one matrix. Memory beyond the file's own pages is taken for this matrix alone.
    ///
    /// # Errors
    /// If there is no matrix of that name, its data cannot be so, no decoder reads its format, or the file was changed since it was opened.
    pub fn load(&self, name: &str) -> Result<Stored<'_>, FileError> {
        let index = self.matrices().iter().position(|matrix| matrix.name == name);
        match index {
            Some(index) => self.reader.load(index),
            None => Err(FileError {
                path: self.path.clone(),
                tensor: Some(name.to_owned()),
                offset: 0,
                problem: Problem::NoSuchMatrix {
                    nearest: self.nearest(name),
                },
            }),
        }
    }

    /// The name that shares the longest begin or end with one that is not there.
    fn nearest(&self, name: &str) -> Option<String> {
        let shared = |other: &str| {
            let same = |(a, b): &(char, char)| a == b;
            let front = name.chars().zip(other.chars()).take_while(same).count();
            let back = name
                .chars()
                .rev()
                .zip(other.chars().rev())
                .take_while(same)
                .count();
            front.max(back)
        };
        let names = self.matrices().iter().map(|matrix| matrix.name.as_str());
        names.max_by_key(|other| shared(other)).map(ToOwned::to_owned)
    }
}

/// The reader of a file's container.
fn read(source: Source) -> Result<(&'static str, Box<dyn Reader>), FileError> {
    if gguf::recognises(source.bytes()) {
        return Ok(("gguf", Box::new(gguf::File::open(source)?)));
    }
    if own::recognises(source.bytes()) {
        return Ok(("q4-kernel", Box::new(own::File::open(source)?)));
    }
    if safetensors::recognises(source.bytes()) {
        return Ok(("safetensors", Box::new(safetensors::File::open(source)?)));
    }
    // Last: models begin with no mark, only with a small number.
    if onnx::recognises(source.bytes()) {
        return Ok(("onnx", Box::new(onnx::File::open(source)?)));
    }
    Err(source.error(
        None,
        0,
        Problem::UnknownContainer("GGUF, safetensors, ONNX or converted"),
    ))
}
