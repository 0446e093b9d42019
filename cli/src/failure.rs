//! How a command ends.

use std::{io, process::ExitCode};

use q4_kernel::{AdapterError, GpuError};

use crate::names::UnknownVariant;

/// How a command ends that could do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All is well.
    Good,
}

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Gpu(#[from] GpuError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error(transparent)]
    UnknownVariant(#[from] UnknownVariant),
    #[error("the output could not be written: {0}")]
    Output(#[from] io::Error),
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Good => Self::SUCCESS,
        }
    }
}
