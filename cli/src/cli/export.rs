//! The arguments of `q4 export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Write kernels for engines that are not Rust
///
/// Generates and validates every kernel of a spec file, which has the vocabulary of the macro, and writes what another language needs to run
/// them: the texts, how weights are packed, the routes with their constraints, and the dispatch formulas.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  q4 export --target web --out web kernels.toml\n  \
    q4 export --target web --out web --candidates 'stream_*_g32_*' kernels.toml\n  \
    q4 export --target c --out kernels kernels.toml\n\n\
    kernels.toml:\n  [UpProj]\n  format.q4gsw.group_size = 32\n  k = 2048\n  n = 8192")]
pub(crate) struct Export {
    /// The description of the kernels
    #[arg(value_name = "SPEC.toml")]
    pub(crate) spec: PathBuf,

    /// Who takes them
    #[arg(long)]
    pub(crate) target: ExportTarget,

    /// For browsers: variants of the catalogue that each kernel may choose from beside those of its routes, where `tune` of the module measured that
    /// they are faster; several with commas, `*` stands for anything
    #[arg(long, value_name = "PATTERN,..", value_delimiter = ',')]
    pub(crate) candidates: Vec<String>,

    /// The folder to write to; no file is overwritten that was not written so before
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// Who takes kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportTarget {
    /// Browsers: an ES module with TypeScript types
    Web,
    /// Engines in C and what reads its headers: a header, SPIR-V, MSL, HLSL and WGSL, a manifest in JSON
    C,
}
