//! The command line, as clap and its help see it.

mod bench;
mod emulate;
mod explain;
mod export;
mod files;
mod report;
mod show;
mod tune;

use std::{num::IntErrorKind, path::PathBuf};

use clap::{
    ArgGroup, Args, CommandFactory, Parser, Subcommand, ValueEnum,
    builder::PossibleValuesParser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use q4_kernel::Route;

pub(crate) use self::{
    bench::{Bench, ModelName, Product},
    emulate::Emulate,
    explain::Explain,
    export::{Export, ExportTarget},
    files::{Accuracy, Convert, ConvertedFormat, Inspect, Quantising},
    report::Report,
    show::{Show, Target},
    tune::{Scales, Tune},
};
use crate::{adapter::AdapterName, names};

/// Runs, checks and shows the WGSL kernels of q4-kernel: 4-bit quantised linear layers on WebGPU.
#[derive(Debug, Parser)]
#[command(name = "q4", version, arg_required_else_help = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Start with `q4 demo`; where it finds nothing to run on, `q4 doctor` says why.

Exit codes:
  0  good
  1  an output differs from the float64 reference, a kernel could not run, or an emulated shader has faults
  2  bad usage, or nothing can run

Environment:
  Q4_ADAPTER         part of the name of the adapter to use, where --adapter names none
  Q4_PIPELINE_CACHE  folder of the compiled pipelines, or `off`
  Q4_TUNING          file of the tuning table, or `off`
  Q4_DUMP            folder to write every kernel to that is compiled";

impl Cli {
    /// Reads the arguments of this process; on a mistake in them, or a call for help, prints what there is to say and exits.
    pub(crate) fn read() -> Self {
        Self::try_parse().unwrap_or_else(|error| explained(error).exit())
    }
}

/// clap takes `-5` for a number and `-5,1` for an option that it does not know.
fn explained(error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let is_number = argument
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if error.kind() != ErrorKind::UnknownArgument || !is_number {
        return error;
    }
    let message = format!("'{argument}' cannot be negative; there must be at least 1");
    Cli::command().error(ErrorKind::ValueValidation, message)
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Doctor(Doctor),
    Check(Check),
    Bench(Bench),
    Tune(Tune),
    List(List),
    Show(Show),
    Report(Report),
    Explain(Explain),
    Export(Export),
    Verify(Verify),
    Emulate(Emulate),
    Inspect(Inspect),
    Convert(Convert),
    Accuracy(Accuracy),
}

/// Run real layers on the best adapter and compare every output with float64
///
/// Takes three trained layers of a sentence encoder and their recorded inputs, quantises two of them (the third one comes quantised
/// by ExecuTorch), shows which kernel is chosen and why, runs it, times it, and compares every single output with the float64
/// reference.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) on: OnAdapter,

    /// Rows to multiply: 1 is decode, more is prefill; several with commas
    #[arg(long, value_name = "M,..", value_delimiter = ',', default_value = "1,4,128", value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) rows: Vec<u32>,

    /// Take matrices of this file instead, with random inputs: the first of each format and shape. Floats are quantised where there is nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,

    /// Only this matrix of the file
    #[arg(long, value_name = "NAME", requires = "weights")]
    pub(crate) tensor: Option<String>,

    #[command(flatten)]
    pub(crate) format: Format,
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

/// Compare kernels with float64 on any shape
///
/// Runs every combination of the dimensions given, each with exact data (a kernel must return the very bits of the reference) and with
/// random data (within the tolerance of the kernel's numeric class), with buffers at aligned and at unaligned offsets. Outputs are
/// poisoned before and every element is compared; writes beside the output are found too.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  q4 check --m 1,5,128 --n 2056 --k 4096 --group 32 --bias --variant all")]
pub(crate) struct Check {
    /// Rows of the input; several with commas
    #[arg(long, value_name = "M,..", value_delimiter = ',', required = true, value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) m: Vec<u32>,

    /// Output features; several with commas
    #[arg(long, value_name = "N,..", value_delimiter = ',', required = true, value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) n: Vec<u32>,

    /// Input features; several with commas
    #[arg(long, value_name = "K,..", value_delimiter = ',', required = true, value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) k: Vec<u32>,

    /// Group sizes, consecutive input features that share a scale; several with commas
    #[arg(long, value_name = "SIZE,..", value_delimiter = ',', default_value = "32", value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) group: Vec<u32>,

    /// Give the layers a bias
    #[arg(long)]
    pub(crate) bias: bool,

    /// `routed`: what the standard kernel chooses for each shape; `all`: every variant that serves it; or the name of one
    #[arg(long, value_name = "routed|all|NAME", default_value = "routed")]
    pub(crate) variant: String,

    #[command(flatten)]
    pub(crate) on: OnAdapter,

    /// Seed of the random data
    #[arg(long, default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: u64,

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

/// Emulate kernels over their edge shapes and say which promises they keep
///
/// Runs variants on an emulator that checks every access of every lane, over the edges of the shapes that their constraints allow, with
/// every subgroup size and under several schedules, and compares every output with float64. Needs no GPU.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("which").required(true).args(["name", "all"]))]
#[command(after_help = "Examples:\n  q4 verify coop4_w64_c4_g32_subgroup\n  q4 verify --all --subgroup 8,32")]
pub(crate) struct Verify {
    /// A name that `q4 list` shows, or one of the first implementation's kernels, `published_coop4` and `published_bicol`
    pub(crate) name: Option<String>,

    /// Every variant of the catalogue, and those that `q4 bench` compares it with
    #[arg(long)]
    pub(crate) all: bool,

    /// Subgroup sizes to emulate, for kernels that use subgroups; several with commas
    #[arg(
        long,
        value_name = "SIZE,..",
        value_delimiter = ',',
        default_value = "4,8,16,32,64,128"
    )]
    #[arg(value_parser = subgroup_size)]
    pub(crate) subgroup: Vec<u32>,

    /// Leave most of the shapes out, for a first look
    #[arg(long)]
    pub(crate) quick: bool,

    /// Where all is well, write the list of verified texts to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "quick", "subgroup"])]
    pub(crate) write: Option<PathBuf>,

    /// Only texts that the file of --write does not list yet; lines of texts that are no more are dropped. Right while the emulator and
    /// what it is asked stay as they were: CI verifies everything
    #[arg(long, requires = "write")]
    pub(crate) unlisted: bool,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Where to run.
#[derive(Args, Debug)]
pub(crate) struct OnAdapter {
    /// The adapter: part of its name as `q4 doctor` shows it, or `auto` for the best
    #[arg(long, value_name = "auto|NAME", default_value = "auto")]
    pub(crate) adapter: AdapterName,
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
    /// For a few rows
    Few,
    /// For any number of rows
    Prefill,
}

impl From<RouteArgument> for Route {
    fn from(route: RouteArgument) -> Self {
        match route {
            RouteArgument::Decode => Self::Decode,
            RouteArgument::Few => Self::Few,
            RouteArgument::Prefill => Self::Prefill,
        }
    }
}

/// Reads a dimension. Wider than what is allowed, so that a number that is too large is told from one that is none.
fn dimension(text: &str) -> Result<u32, String> {
    let too_large = || format!("kernels count in 32 bits, so {} is the most", u32::MAX);
    match text.trim().parse::<u64>() {
        Ok(0) => Err("there must be at least 1".to_owned()),
        Ok(value) => u32::try_from(value).map_err(|_| too_large()),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Err(too_large()),
        Err(_) if text.trim().parse::<i128>().is_ok_and(|value| value < 0) => {
            Err("it cannot be negative; there must be at least 1".to_owned())
        }
        Err(_) => Err("it is not a whole number; give one, or several with commas as in 1,5,128".to_owned()),
    }
}

/// Reads a subgroup size.
fn subgroup_size(text: &str) -> Result<u32, String> {
    match text.trim().parse::<u32>() {
        Ok(size) if size.is_power_of_two() && (4..=128).contains(&size) => Ok(size),
        _ => Err("subgroups have 4, 8, 16, 32, 64 or 128 lanes".to_owned()),
    }
}

/// Reads a seed.
fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("it is not a whole number from 0 to {}", u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_one_that_clap_accepts() {
        Cli::command().debug_assert();
    }

    #[test]
    fn dimensions_from_one_to_the_largest_u32_are_read() {
        assert_eq!(dimension("1"), Ok(1));
        assert_eq!(dimension(" 4096 "), Ok(4096));
        assert_eq!(dimension("4294967295"), Ok(u32::MAX));
    }

    #[test]
    fn each_mistake_in_a_dimension_has_its_own_message() {
        let too_large = "kernels count in 32 bits, so 4294967295 is the most";
        for (text, message) in [
            ("0", "there must be at least 1"),
            ("-5", "it cannot be negative; there must be at least 1"),
            ("4294967296", too_large),
            ("99999999999999999999999999", too_large),
            (
                "",
                "it is not a whole number; give one, or several with commas as in 1,5,128",
            ),
            (
                "4k",
                "it is not a whole number; give one, or several with commas as in 1,5,128",
            ),
            (
                "1.5",
                "it is not a whole number; give one, or several with commas as in 1,5,128",
            ),
        ] {
            assert_eq!(dimension(text), Err(message.to_owned()), "{text:?}");
        }
    }
}
