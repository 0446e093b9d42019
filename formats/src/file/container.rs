//! Which reader a file is for.

use std::fmt;

use super::{FileError, Reader, Source};
use crate::{gguf, onnx, own, safetensors};

/// A kind of file that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Container {
    /// llama.cpp's.
    Gguf,
    /// Safetensors in the layout that [`Conversion`](crate::Conversion) writes.
    Own,
    /// Safetensors in the conventions of other tools.
    Safetensors,
    /// A model of ONNX.
    Onnx,
}

impl Container {
    /// Every container, those with the clearest marks first: models of ONNX begin with none, only with a small number.
    pub const ALL: [Self; 4] = [Self::Gguf, Self::Own, Self::Safetensors, Self::Onnx];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gguf => "gguf",
            Self::Own => "q4-kernel",
            Self::Safetensors => "safetensors",
            Self::Onnx => "onnx",
        }
    }

    /// What a file is, by what it begins with.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let is = |container: &Self| match container {
            Self::Gguf => gguf::recognises(bytes),
            Self::Own => own::recognises(bytes),
            Self::Safetensors => safetensors::recognises(bytes),
            Self::Onnx => onnx::recognises(bytes),
        };
        Self::ALL.into_iter().find(is)
    }

    /// Reads the index of such a file.
    pub(super) fn open(self, source: Source) -> Result<Box<dyn Reader>, FileError> {
        Ok(match self {
            Self::Gguf => Box::new(gguf::File::open(source)?),
            Self::Own => Box::new(own::File::open(source)?),
            Self::Safetensors => Box::new(safetensors::File::open(source)?),
            Self::Onnx => Box::new(onnx::File::open(source)?),
        })
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
