//! The arguments of `q4 tune`.

use std::{path::PathBuf, str::FromStr};

use clap::Args;
use q4_kernel::{NumericClass, ScaleFormat, ScaleLayout, ScaleOrder};

use super::{Format, OnAdapter, Product, bench::seconds, dimension, seed};

/// Measure which kernels are fastest on an adapter, and write the table that routing follows
///
/// Measures every kernel of the catalogue that runs and serves a shape: all of them briefly, the better half of them for longer, and
/// so on. The table goes where every program that opens this adapter looks for it. Entries of other shapes that are there already
/// stay. Outputs are compared with float64 on a sample of them; a kernel that computes wrongly is left out.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Tune {
    /// Rows of the input; several with commas [default: one for each range of rows that is routed alike]
    #[arg(long, value_name = "M,..", value_delimiter = ',', value_parser = dimension)]
    #[arg(allow_negative_numbers = true, conflicts_with = "shapes")]
    pub(crate) m: Vec<u32>,

    /// Output features; several with commas. Without --n and --k, the layers of Llama-3.2-1B and Llama-3.1-8B
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

    /// Numeric classes that descriptions may allow, several with commas; exact kernels are measured in any case
    #[arg(long, value_name = "CLASS,..", value_delimiter = ',', default_value = "exact", value_parser = numeric)]
    pub(crate) numeric: Vec<NumericClass>,

    /// How scales are stored, several with commas: f32, f16 or bf16, by group as in `f16:groups`
    #[arg(long, value_name = "FORMAT,..", value_delimiter = ',', default_value = "f32")]
    pub(crate) scales: Vec<Scales>,

    /// Only kernels with these names, several with commas; `*` stands for anything
    #[arg(long, value_name = "PATTERN,..", value_delimiter = ',', default_value = "*")]
    pub(crate) kernels: Vec<String>,

    /// Seconds to measure for, in all; compiling kernels and making and uploading weights come on top
    #[arg(long, value_name = "TOTAL", default_value_t = 120.0, value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) seconds: f64,

    /// The table [default: where programs look for it; `q4 doctor` shows the place]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) on: OnAdapter,

    /// Seed of the random data
    #[arg(long, default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: u64,

    #[command(flatten)]
    pub(crate) format: Format,
}

const HELP: &str = "\
Examples:
  q4 tune
  q4 tune --n 4096,14336 --k 4096 --numeric exact,f16_multiply --seconds 60
  q4 tune --shapes 1x128256x2048 --kernels 'gemv_*' -o table.txt --json";

/// How scales are stored, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scales(pub(crate) ScaleLayout);

impl FromStr for Scales {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, order) = text
            .split_once(':')
            .unwrap_or((text, ScaleOrder::default().name()));
        let format = ScaleFormat::ROUNDED
            .into_iter()
            .find(|known| known.name() == format);
        let order = ScaleOrder::ALL.into_iter().find(|known| known.name() == order);
        format
            .zip(order)
            .map(|(format, order)| Self(ScaleLayout { format, order }))
            .ok_or_else(|| {
                let names = |names: &[&str]| names.join(", ");
                format!(
                    "scales are stored as one of {}, followed by one of {} after a colon where they are not in the first of these orders",
                    names(&ScaleFormat::ROUNDED.map(ScaleFormat::name)),
                    names(&ScaleOrder::ALL.map(ScaleOrder::name)),
                )
            })
    }
}

pub(super) fn numeric(text: &str) -> Result<NumericClass, String> {
    NumericClass::ALL
        .into_iter()
        .find(|class| class.name() == text)
        .ok_or_else(|| {
            format!(
                "the numeric classes are {}",
                NumericClass::ALL.map(NumericClass::name).join(", ")
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_a_format_and_perhaps_an_order() {
        let scales = |text: &str| text.parse::<Scales>().map(|Scales(layout)| layout);
        assert_eq!(scales("f32"), Ok(ScaleLayout::default()));
        let by_group = ScaleLayout {
            format: ScaleFormat::Bf16,
            order: ScaleOrder::Groups,
        };
        assert_eq!(scales("bf16:groups"), Ok(by_group));
        for text in ["", "f64", "f16:", "f16:rows", ":groups"] {
            assert!(scales(text).unwrap_err().contains("f32, f16, bf16"), "{text}");
        }
    }

    #[test]
    fn a_class_that_is_none_is_refused_with_those_that_are() {
        assert_eq!(numeric("f16_multiply"), Ok(NumericClass::F16Multiply));
        assert_eq!(
            numeric("f16"),
            Err("the numeric classes are exact, f16_multiply, int8_activations".to_owned())
        );
    }
}
