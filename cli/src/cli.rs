//! The command line, as clap and its help see it.

use clap::{Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser};
use q4_kernel::Route;

use crate::names;

/// Runs, checks and shows the WGSL kernels of q4-kernel: 4-bit quantised linear layers on WebGPU.
#[derive(Debug, Parser)]
#[command(name = "q4", version, arg_required_else_help = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Exit codes:
  0  good
  2  bad usage, or nothing can run

Environment:
  Q4_ADAPTER         part of the name of the adapter to use
  Q4_PIPELINE_CACHE  folder of the compiled pipelines, or `off`";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Doctor(Doctor),
    List(List),
    Show(Show),
}

/// Say which adapters there are, what they can run, and what is missing
///
/// Lists every adapter with the features and limits that matter to the kernels, how many variants of each family it can run, why it
/// cannot run the others, which adapter `auto` takes, and what to install where there is none.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) format: Format,
}

/// List the catalogue of kernel variants
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only variants of this family
    #[arg(long, value_parser = PossibleValuesParser::new(names::families()))]
    pub(crate) family: Option<String>,

    /// Only variants of this route
    #[arg(long)]
    pub(crate) route: Option<RouteArgument>,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Print the text of one variant, ready to be piped
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  q4 show coop4_w64_c4_g32_shared > kernel.wgsl")]
pub(crate) struct Show {
    /// A name that `q4 list` shows
    pub(crate) name: String,

    /// The language to print
    #[arg(long, default_value = "wgsl")]
    pub(crate) target: Target,
}

/// How to print.
#[derive(Args, Debug)]
pub(crate) struct Format {
    /// Print JSON, and nothing else, on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// A route, as an argument.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RouteArgument {
    /// For one row
    Decode,
    /// For any number of rows
    Prefill,
}

/// A language to print kernels in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Target {
    /// As wgpu takes it
    Wgsl,
}

impl From<RouteArgument> for Route {
    fn from(route: RouteArgument) -> Self {
        match route {
            RouteArgument::Decode => Self::Decode,
            RouteArgument::Prefill => Self::Prefill,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_one_that_clap_accepts() {
        Cli::command().debug_assert();
    }
}
