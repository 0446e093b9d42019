//! The arguments of `q4 explain`.

use clap::Args;

use super::{Format, OnAdapter, dimension};

/// Say which kernel runs for a layer, and why no other
///
/// For each number of rows: the variant that the standard kernel chooses on the adapter, the entry of a tuning table that decided where one did,
/// what was ruled out before it and why, and what stood behind it. Runs nothing.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  q4 explain --k 4096 --n 14336 --group 32 --m 1,2,8,512")]
pub(crate) struct Explain {
    /// Input features
    #[arg(long, value_parser = dimension, allow_negative_numbers = true)]
    pub(crate) k: u32,

    /// Output features
    #[arg(long, value_parser = dimension, allow_negative_numbers = true)]
    pub(crate) n: u32,

    /// Group size, consecutive input features that share a scale
    #[arg(long, value_name = "SIZE", default_value_t = 32, value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) group: u32,

    /// Rows of the input; several with commas
    #[arg(long, value_name = "M,..", value_delimiter = ',', default_value = "1,2,8,512", value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) m: Vec<u32>,

    #[command(flatten)]
    pub(crate) on: OnAdapter,

    #[command(flatten)]
    pub(crate) format: Format,
}
