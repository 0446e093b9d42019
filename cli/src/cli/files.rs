//! Commands on files of weights.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use q4_kernel_formats::Quantizer;

use super::{Format, dimension, seed};

/// List the matrices of a file: formats, shapes, bits per weight, and what can run them
///
/// Reads the index of the file alone, unless --hash is given.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  q4 inspect model.gguf --hash --json")]
pub(crate) struct Inspect {
    /// A file of weights, of which its content says the kind, or the folder of a model in safetensors
    pub(crate) file: PathBuf,

    /// Add the SHA-256 of each matrix as dequantised: f32 little-endian, row-major [N, K], zeros positive
    #[arg(long)]
    pub(crate) hash: bool,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Write the matrices of a file in the layout that devices take, as safetensors
///
/// Matrices of four bits keep every bit unless --format says otherwise; floats are quantised. The file is there as a whole or not at all.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  q4 convert model.gguf -o model.q4.safetensors")]
pub(crate) struct Convert {
    /// A file of weights, of which its content says the kind, or the folder of a model in safetensors
    pub(crate) file: PathBuf,

    /// Where to write
    #[arg(short, long, value_name = "OUT.safetensors")]
    pub(crate) output: PathBuf,

    /// What matrices of four bits become
    #[arg(long, value_name = "FORMAT", default_value = "keep")]
    pub(crate) format: ConvertedFormat,

    #[command(flatten)]
    pub(crate) quantising: Quantising,
}

/// What matrices of four bits become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConvertedFormat {
    /// What they are, to the last bit
    Keep,
    /// Symmetric with f32 scales, whatever they are: dequantised and quantised again, which adds an error
    Symmetric,
}

/// How floats are quantised.
#[derive(Args, Debug)]
pub(crate) struct Quantising {
    /// Group size of what is quantised
    #[arg(long, value_name = "SIZE", default_value = "32", value_parser = dimension, allow_negative_numbers = true)]
    pub(crate) group: u32,

    /// How floats are quantised
    #[arg(long, value_name = "NAME", default_value = "least-squares")]
    pub(crate) quantizer: QuantizerArgument,
}

/// A way to quantise floats, as an argument.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum QuantizerArgument {
    /// Round to nearest, the largest weight of a group setting its scale
    Nearest,
    /// Search the scale of each group that leaves the least squared error
    LeastSquares,
}

impl From<QuantizerArgument> for Quantizer {
    fn from(quantizer: QuantizerArgument) -> Self {
        match quantizer {
            QuantizerArgument::Nearest => Self::Nearest,
            QuantizerArgument::LeastSquares => Self::LeastSquares,
        }
    }
}

/// Measure the error of weights and of outputs, matrix by matrix
///
/// Against another file: how far the matrices are from those of the same name there. Without one: how far each would be from itself once it is quantised.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  q4 accuracy model-q4_0.gguf --against model-f16.gguf --plot errors.svg\n  q4 accuracy model-f16.gguf --activations recorded.safetensors --inputs q.x"
)]
pub(crate) struct Accuracy {
    /// A file of weights, of which its content says the kind, or the folder of a model in safetensors
    pub(crate) file: PathBuf,

    /// The file with the weights as they were before
    #[arg(long, value_name = "ORIGINAL")]
    pub(crate) against: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) quantising: Quantising,

    /// Rows of random inputs that outputs are computed for
    #[arg(long, value_name = "ROWS", default_value = "16", value_parser = dimension, allow_negative_numbers = true)]
    pub(crate) rows: u32,

    /// Measure outputs with the inputs that this safetensors file has: matrices [M, K] of floats, named as the matrix of weights, with or without .x behind it, or
    /// the only one that is as wide
    #[arg(long, value_name = "FILE.safetensors", conflicts_with_all = ["rows", "seed"])]
    pub(crate) activations: Option<PathBuf>,

    /// The one matrix of the activations to take
    #[arg(long, value_name = "TENSOR", requires = "activations")]
    pub(crate) inputs: Option<String>,

    /// Seed of the inputs
    #[arg(long, default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: u64,

    /// Draw the errors in this file, as SVG
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) format: Format,
}
