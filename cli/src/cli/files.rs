//! Commands on files of weights.

use std::path::PathBuf;

use clap::Args;

use super::Format;

/// List the matrices of a file: formats, shapes, bits per weight, and what can run them
///
/// Reads the index of the file alone, unless --hash is given.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  q4 inspect model.gguf --hash --json")]
pub(crate) struct Inspect {
    /// A file of weights; its content says of which kind it is
    pub(crate) file: PathBuf,

    /// Add the SHA-256 of each matrix as dequantised: f32 little-endian, row-major [N, K], zeros positive
    #[arg(long)]
    pub(crate) hash: bool,

    #[command(flatten)]
    pub(crate) format: Format,
}
