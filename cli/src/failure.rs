//! How a command ends.

use std::{io, path::PathBuf, process::ExitCode};

use q4_kernel::{
    AdapterError, BufferError, DispatchError, GpuError, KernelError, ReadBackError, UploadError,
    conformance::CheckError,
};
use q4_kernel_codegen::{
    Errors,
    emit::{Inexpressible, back_end::BackEndError},
    render::TemplateError,
    spec::SpecFileError,
};
use q4_kernel_formats::{ConvertError, FileError};

use crate::{
    commands::emulate::EmulateError, data::DataError, memory::DoesNotFit, names::UnknownVariant,
    output::FolderError,
};

/// How a command ends that could do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All is well.
    Good,
    /// An output, or what a shader did, is not what it should be.
    Mismatch,
}

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Gpu(#[from] GpuError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error(transparent)]
    Kernel(#[from] KernelError),
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    #[error(transparent)]
    Buffer(#[from] BufferError),
    #[error(transparent)]
    ReadBack(#[from] ReadBackError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    DoesNotFit(#[from] DoesNotFit),
    #[error(transparent)]
    UnknownVariant(#[from] UnknownVariant),
    /// A variant that cannot be written in a language.
    #[error("{error}{more}", error = .0, more = elsewhere(.0))]
    BackEnd(#[from] BackEndError),
    #[error(transparent)]
    Inexpressible(#[from] Inexpressible),
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A description of kernels that has mistakes.
    #[error(transparent)]
    Spec(#[from] SpecFileError),
    /// A description that no kernel can be made from.
    #[error(transparent)]
    Kernels(#[from] Errors),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Emulate(#[from] EmulateError),
    /// A file of weights that cannot be read.
    #[error(transparent)]
    Weights(#[from] FileError),
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// Output would replace input.
    #[error("{} is the file that is read; name another one to write", .0.display())]
    OwnInput(PathBuf),
    /// Shapes that nothing serves, or not what was asked for.
    #[error("{0}")]
    Unserved(String),
    /// Every single run failed.
    #[error("nothing could be run: {0}")]
    NothingRan(String),
    /// The device complained outside of any call that returns an error.
    #[error("the device reported an error: {0}")]
    Device(String),
    #[error("{} could not be read: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("{} could not be written: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("the output could not be written: {0}")]
    Output(#[from] io::Error),
}

/// Where to look for what a language has words for.
fn elsewhere(error: &BackEndError) -> &'static str {
    match error {
        BackEndError::Inexpressible(_) => "; `q4 list` shows variants with other needs",
        BackEndError::Invalid(_) => "",
    }
}

impl Ending {
    /// Good if `ok`.
    pub(crate) fn of(ok: bool) -> Self {
        if ok { Self::Good } else { Self::Mismatch }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Good => Self::SUCCESS,
            Ending::Mismatch => Self::from(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_is_exit_code_1() {
        let code = |ok| format!("{:?}", ExitCode::from(Ending::of(ok)));
        assert_eq!(code(true), format!("{:?}", ExitCode::SUCCESS));
        assert_eq!(code(false), format!("{:?}", ExitCode::from(1)));
    }
}
