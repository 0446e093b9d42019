//! Why a file cannot be read, with the place.

use std::{fmt, io, path::PathBuf};

use crate::LayoutError;

/// Why a file cannot be read: the file, the tensor if it is known, the byte, and what is wrong there.
#[derive(Debug, thiserror::Error)]
#[error("{}{}, byte {offset}: {problem}", path.display(), OfTensor(tensor.as_deref()))]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// The tensor whose description or data is wrong.
    pub tensor: Option<String>,
    /// The byte of the file at which what is wrong begins.
    pub offset: u64,
    /// What is wrong.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file was written to since it was opened.
    #[error("the file was changed after it was opened; open it again")]
    Changed,
    /// The content is of no container that is read.
    #[error("the file begins with none of the marks of the kinds that are read; give one of {}", wanted.join(", "))]
    UnknownContainer {
        /// The kinds that are read.
        wanted: Vec<&'static str>,
    },
    /// The content is of another container than was asked for.
    #[error(
        "the file is of the kind {given}, and {} is read here; open it as what it is, or with `Model::open`",
        wanted.join(" or ")
    )]
    OtherContainer {
        /// What it is.
        given: &'static str,
        /// What was asked for.
        wanted: Vec<&'static str>,
    },
    /// Something reaches past the end.
    #[error("{what} needs {needed} bytes and {left} are left; the file is truncated or its header lies")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Its size in bytes.
        needed: u64,
        /// Bytes from its begin to the end.
        left: u64,
    },
    /// The content contradicts itself or the definition of its format.
    #[error("{0}")]
    Malformed(String),
    /// The content is right and there is no decoder for it.
    #[error("{0}")]
    Unsupported(String),
    /// Weights, scales or bias break the contract of layers.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// There is no such matrix.
    #[error("there is no matrix of this name{}", match nearest { Some(nearest) => format!("; did you mean {nearest:?}?"), None => String::new() })]
    NoSuchMatrix {
        /// The most similar name.
        nearest: Option<String>,
    },
}

struct OfTensor<'a>(Option<&'a str>);

impl fmt::Display for OfTensor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(tensor) => write!(f, ", tensor {tensor:?}"),
            None => Ok(()),
        }
    }
}
