//! The arguments of `q4 report`.

use std::path::PathBuf;

use clap::Args;

use super::Format;
use crate::adapter::AdapterName;

/// Say all that is known of kernels: what they bind, need, cost and can reach
///
/// Counts what a kernel costs on the emulator, so the same on every machine, and sets it against the ceilings of a device where they are given
/// or measured: what limits the kernel there, and how long it must take at the least.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  q4 report gemv_w128_c8_g32_subgroup --bandwidth 3000 --arithmetic 60\n  \
    q4 report gemv_w128_c8_g32_subgroup --adapter auto\n  \
    q4 report --html kernels.html"
)]
pub(crate) struct Report {
    /// Names that `q4 list` shows, in which * stands for anything; all where none is given
    pub(crate) names: Vec<String>,

    /// Write one page that needs nothing else, to be opened in a browser
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(crate) html: Option<PathBuf>,

    /// What the device reads from its memory, in GB/s
    #[arg(long, value_name = "GB/S", value_parser = ceiling, group = "memory", requires = "arithmetic")]
    pub(crate) bandwidth: Option<f64>,

    /// Measure instead what this adapter reads, and computes where --arithmetic does not say: part of its name as `q4 doctor` shows it, or
    /// `auto` for the best
    #[arg(long, value_name = "auto|NAME", group = "memory")]
    pub(crate) adapter: Option<AdapterName>,

    /// What the device computes in f32, in TFLOP/s, a fused multiply-add being two
    #[arg(long, value_name = "TFLOP/S", value_parser = ceiling, requires = "memory")]
    pub(crate) arithmetic: Option<f64>,

    /// What its cooperative matrices compute, in TFLOP/s; kernels without them do not ask
    #[arg(long, value_name = "TFLOP/S", value_parser = ceiling, requires = "memory")]
    pub(crate) matrix: Option<f64>,

    #[command(flatten)]
    pub(crate) format: Format,
}

/// Reads a ceiling.
fn ceiling(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("it is not a number above 0".to_owned()),
    }
}
