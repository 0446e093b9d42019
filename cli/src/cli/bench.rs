//! The arguments of `q4 bench`.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};
use q4_kernel::{Feature, NumericClass};

use super::{OnAdapter, dimension, seed, tune::numeric};
use crate::{names, published};

/// Measure how fast kernels are, beside what the device can read
///
/// Measures kernels on shapes, over so many copies of the weights that no cache holds them, and the read bandwidth of the device
/// in the same run. Every kernel's outputs are compared with float64 on a sample of them. With --model, measures all linear layers
/// of a model as an engine would run them: one pass for a token, one for a prompt.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Bench {
    /// Kernels, several with commas: names in which `*` stands for anything; `routed`, what the standard kernel chooses;
    /// `published_coop4` and `published_bicol`, what the first implementation multiplies one row with, a column or two a workgroup; `coop4` and
    /// `bicol`, the same geometry with this project's loads and arithmetic
    #[arg(
        long,
        value_name = "PATTERN,..",
        value_delimiter = ',',
        default_value = "routed,coop4,bicol,published_bicol"
    )]
    pub(crate) kernels: Vec<String>,

    /// Rows of the input; several with commas
    #[arg(long, value_name = "M,..", value_delimiter = ',', default_value = "1", value_parser = dimension)]
    #[arg(allow_negative_numbers = true, conflicts_with = "shapes")]
    pub(crate) m: Vec<u32>,

    /// Output features; several with commas. Without --n and --k, a few sizes of common layers
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = dimension)]
    #[arg(allow_negative_numbers = true, requires = "k", conflicts_with = "shapes")]
    pub(crate) n: Vec<u32>,

    /// Input features; several with commas
    #[arg(long, value_name = "K,..", value_delimiter = ',', value_parser = dimension)]
    #[arg(allow_negative_numbers = true, requires = "n", conflicts_with = "shapes")]
    pub(crate) k: Vec<u32>,

    /// Shapes instead of combinations of dimensions; several with commas
    #[arg(long, value_name = "MxNxK,..", value_delimiter = ',')]
    pub(crate) shapes: Vec<Product>,

    /// Group sizes, consecutive input features that share a scale; several with commas
    #[arg(long, value_name = "SIZE,..", value_delimiter = ',', default_value = "32", value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) group: Vec<u32>,

    /// What the others are compared with: the name of a variant, or one of the words of --kernels
    #[arg(long, value_name = "NAME", default_value = published::BICOL)]
    pub(crate) baseline: String,

    /// Numeric class that `routed` may choose, beside exact kernels: what layers do that allow it
    #[arg(long, value_name = "CLASS", default_value = "exact", value_parser = numeric)]
    pub(crate) numeric: NumericClass,

    /// Measure the linear layers of this model instead of single shapes
    #[arg(long, value_name = "NAME", conflicts_with_all = ["m", "n", "k", "shapes", "kernels", "baseline", "overlap"])]
    pub(crate) model: Option<ModelName>,

    /// With --model: only so many of its layers, for a quick look
    #[arg(long, value_name = "COUNT", requires = "model", value_parser = dimension, allow_negative_numbers = true)]
    pub(crate) layers: Option<u32>,

    /// With --model: tokens of the prompt
    #[arg(long, value_name = "TOKENS", requires = "model", default_value = "512", value_parser = dimension)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) prompt: u32,

    /// Leave optional features of the device off, several with commas: part of their names, such as `subgroups`
    #[arg(long, value_name = "FEATURE,..", value_delimiter = ',')]
    pub(crate) without: Vec<Without>,

    /// Give each dispatch of a pass an output of its own, so that they may overlap; without it, each waits for the one before
    #[arg(long)]
    pub(crate) overlap: bool,

    /// Seconds to measure for, each kernel on each shape
    #[arg(long, value_name = "S", default_value_t = 0.25, value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) seconds: f64,

    #[command(flatten)]
    pub(crate) on: OnAdapter,

    /// Seed of the random data
    #[arg(long, default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: u64,

    /// Draw a roofline plot: operations per byte against TFLOP/s
    #[arg(long, value_name = "FILE.svg", conflicts_with = "model")]
    pub(crate) plot: Option<PathBuf>,

    /// Print JSON, and nothing else, on stdout
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,

    /// Print CSV with a header line, and nothing else, on stdout
    #[arg(long)]
    pub(crate) csv: bool,
}

const HELP: &str = "\
Examples:
  q4 bench --shapes 1x14336x4096,1x4096x14336 --plot roofline.svg
  q4 bench --m 1,2,4,8,16 --n 14336 --k 4096 --kernels 'routed,gemm_*' --json
  q4 bench --model llama-3.2-1b --without subgroups
  q4 bench --model llama-3.1-8b --numeric f16_multiply";

impl Bench {
    /// The features to leave off.
    pub(crate) fn without(&self) -> Vec<Feature> {
        let mut features: Vec<Feature> = self
            .without
            .iter()
            .flat_map(|Without(features)| features.iter().copied())
            .collect();
        features.sort_unstable();
        features.dedup();
        features
    }
}

/// The features that one word stands for.
#[derive(Clone, Debug)]
pub(crate) struct Without(Vec<Feature>);

impl FromStr for Without {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        names::features(text).map(Self)
    }
}

/// `MxNxK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub(crate) m: u32,
    pub(crate) n: u32,
    pub(crate) k: u32,
}

impl FromStr for Product {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let factors: Vec<&str> = text.split('x').collect();
        let [m, n, k] = factors[..] else {
            return Err("it is not of the form MxNxK, such as 1x14336x4096".to_owned());
        };
        let factor = |name, text| dimension(text).map_err(|error| format!("{name} is {text:?}: {error}"));
        Ok(Self {
            m: factor("M", m)?,
            n: factor("N", n)?,
            k: factor("K", k)?,
        })
    }
}

/// A model whose linear layers can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelName {
    #[value(name = "llama-3.2-1b")]
    Llama32_1b,
    #[value(name = "llama-3.1-8b")]
    Llama31_8b,
}

/// Longer than this is a mistake in a number.
const MOST_SECONDS: f64 = 3600.0;

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= MOST_SECONDS => Ok(seconds),
        _ => Err(format!(
            "it is not a number of seconds above 0 and up to {MOST_SECONDS}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_has_three_factors_and_each_mistake_its_message() {
        let product = |text: &str| text.parse::<Product>();
        assert_eq!(
            product("1x14336x4096"),
            Ok(Product {
                m: 1,
                n: 14_336,
                k: 4096
            })
        );
        let form = "it is not of the form MxNxK, such as 1x14336x4096".to_owned();
        for text in ["", "4096", "1x2", "1x2x3x4", "1*2*3"] {
            assert_eq!(product(text), Err(form.clone()), "{text}");
        }
        assert_eq!(
            product("1x0x4"),
            Err("N is \"0\": there must be at least 1".to_owned())
        );
        assert_eq!(
            product("1x2x-3"),
            Err("K is \"-3\": it cannot be negative; there must be at least 1".to_owned())
        );
    }

    #[test]
    fn seconds_are_positive_and_end() {
        assert_eq!(seconds("0.25"), Ok(0.25));
        for text in ["0", "-1", "NaN", "inf", "3601", "fast"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
