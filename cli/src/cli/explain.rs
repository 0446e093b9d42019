//! The arguments of `q4 explain`.

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use q4_kernel::NumericClass;
use q4_kernel_codegen::spec::NamedFormat;

use super::{
    Format, OnAdapter, dimension,
    tune::{Scales, numeric},
};

/// Say which kernel runs for a layer, and why no other
///
/// For each numeric class and number of rows: the variant that runs on the adapter, the entry of a tuning table that decided where one did,
/// what was ruled out before it and why, and what stood behind it. Runs nothing.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Explain {
    /// Input features
    #[arg(long, value_parser = dimension, allow_negative_numbers = true)]
    pub(crate) k: u32,

    /// Output features
    #[arg(long, value_parser = dimension, allow_negative_numbers = true)]
    pub(crate) n: u32,

    /// Group size, consecutive input features that share a scale [default: that of the format, where it has only one, else 32]
    #[arg(long, value_name = "SIZE", value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) group: Option<u32>,

    /// Rows of the input; several with commas
    #[arg(long, value_name = "M,..", value_delimiter = ',', default_value = "1,2,8,512", value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) m: Vec<u32>,

    /// Numeric classes that a description may allow, several with commas [default: all that there are for the format]
    #[arg(long, value_name = "CLASS,..", value_delimiter = ',', value_parser = numeric)]
    pub(crate) numeric: Vec<NumericClass>,

    /// Format of the weights, by the word that a description has for it
    #[arg(long = "format", value_name = "FORMAT", default_value = "q4gsw", value_parser = named_format())]
    pub(crate) weights: NamedFormat,

    /// How scales are stored, by group as in `f16:groups` [default: as the format has them, by column]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) scales: Option<Scales>,

    /// Name every variant instead of a pattern for many
    #[arg(long)]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) on: OnAdapter,

    #[command(flatten)]
    pub(crate) format: Format,
}

const HELP: &str = "\
Examples:
  q4 explain --k 4096 --n 14336 --group 32 --m 1,2,8,512
  q4 explain --k 4096 --n 14336 --numeric f16_multiply --scales f16
  q4 explain --k 2880 --n 5760 --format mxfp4 --m 1 --all";

/// Reads the word for a format; the nearest one is suggested for one that is none.
fn named_format() -> impl TypedValueParser<Value = NamedFormat> {
    PossibleValuesParser::new(NamedFormat::ALL.map(|format| format.name))
        .try_map(|name| NamedFormat::find(&name).ok_or("it has no name"))
}
