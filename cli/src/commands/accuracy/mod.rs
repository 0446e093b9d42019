//! `q4 accuracy`: how far weights and outputs are from the original.

mod inputs;
mod plot;

use std::io::Write;

use inputs::{Given, Inputs};
use q4_kernel_formats::{Matrix, Model, QuantizeError, Quantizer, Stored};
use serde::Serialize;

use crate::{
    cli::{Accuracy, Quantising},
    failure::{Ending, Failure},
    output::{Align, NewFile, Progress, inexact, print_json, table},
};

pub(crate) fn run(arguments: &Accuracy, out: &mut impl Write) -> Result<Ending, Failure> {
    let model = Model::open(&arguments.file)?;
    let original = arguments.against.as_deref().map(Model::open).transpose()?;
    let inputs = Inputs::of(arguments)?;
    let place = arguments.plot.as_deref().map(NewFile::create).transpose()?;
    let progress = Progress::new(model.matrices().len());
    let mut entries = Vec::new();
    for matrix in model.matrices() {
        progress.at(matrix.name.as_str());
        let weights = model.load(&matrix.name)?;
        let entry = match &original {
            Some(original) => {
                let exact = original.load(&matrix.name)?;
                if exact.size() != weights.size() {
                    return Err(Failure::Unserved(format!(
                        "{} is {:?} in one file and {:?} in the other; compare files of one model",
                        matrix.name,
                        weights.size(),
                        exact.size()
                    )));
                }
                Entry::of(
                    matrix,
                    &matrix.format,
                    &exact,
                    &weights,
                    inputs.for_matrix(matrix)?,
                )
            }
            None => {
                let quantised = quantised(&weights, &arguments.quantising)
                    .map_err(|error| Failure::Unserved(format!("{}: {error}", matrix.name)))?;
                let to = Quantizer::from(arguments.quantising.quantizer).name();
                Entry::of(matrix, to, &weights, &quantised, inputs.for_matrix(matrix)?)
            }
        };
        entries.push(entry);
        progress.step();
    }
    drop(progress);
    if let Some(place) = place {
        place.keep(&plot::plot(&entries))?;
    }
    if arguments.format.json {
        print_json(out, &entries)?;
    } else {
        write!(
            out,
            "{}\n{LEGEND}\n",
            table(&COLUMNS, entries.iter().map(Entry::row))
        )?;
    }
    Ok(Ending::Good)
}

/// The errors of a matrix.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    /// What is compared with the original.
    format: String,
    n: u32,
    k: u32,
    /// Norm of the difference of the weights, as a share of the norm of the original's.
    weights: f64,
    /// Likewise of the outputs, without bias; none where no inputs were given that are as wide.
    outputs: Option<f64>,
    /// What the inputs are: a tensor of the activations, or random ones.
    inputs: Option<String>,
    /// The largest difference of a weight.
    largest: f64,
}

const COLUMNS: [(&str, Align); 8] = [
    ("matrix", Align::Left),
    ("is", Align::Left),
    ("N", Align::Right),
    ("K", Align::Right),
    ("weights", Align::Right),
    ("outputs", Align::Right),
    ("largest", Align::Right),
    ("inputs", Align::Left),
];

const LEGEND: &str = "\
weights, outputs: norm of the differences, as a share of the norm of what they should be
largest: difference of one weight; biases are left out, random inputs are in -1..1";

impl Entry {
    fn of(
        matrix: &Matrix,
        format: &str,
        exact: &Stored<'_>,
        got: &Stored<'_>,
        inputs: Option<Given<'_>>,
    ) -> Self {
        let x = inputs.as_ref().map_or(&[][..], |given| &given.x);
        let (mut weights, mut outputs, mut largest) = (Share::default(), Share::default(), 0.0_f64);
        let rows = (0..matrix.n).map_while(|n| Some((exact.row(n)?, got.row(n)?)));
        for (exact, got) in rows {
            for (exact, got) in exact.iter().zip(got.iter()) {
                weights.add((*exact).into(), (*got).into());
                largest = largest.max((f64::from(*exact) - f64::from(*got)).abs());
            }
            for x in x.chunks_exact(matrix.k as usize) {
                outputs.add(product(x, &exact), product(x, &got));
            }
        }
        Self {
            name: matrix.name.clone(),
            format: format.to_owned(),
            n: matrix.n,
            k: matrix.k,
            weights: weights.relative(),
            outputs: inputs.is_some().then(|| outputs.relative()),
            inputs: inputs.map(|given| given.name.to_owned()),
            largest,
        }
    }

    fn row(&self) -> Vec<String> {
        let percent = |share: f64| format!("{} %", inexact(100.0 * share));
        vec![
            self.name.clone(),
            self.format.clone(),
            self.n.to_string(),
            self.k.to_string(),
            percent(self.weights),
            self.outputs.map_or_else(|| "-".to_owned(), percent),
            inexact(self.largest),
            self.inputs.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }
}

/// Sums of squares.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    missed: f64,
    all: f64,
}

impl Share {
    fn add(&mut self, exact: f64, got: f64) {
        self.missed += (exact - got).powi(2);
        self.all += exact.powi(2);
    }

    /// 0 for what is equal, whatever its size.
    fn relative(self) -> f64 {
        if self.missed == 0.0 {
            0.0
        } else {
            (self.missed / self.all).sqrt()
        }
    }
}

fn product(x: &[f32], row: &[f32]) -> f64 {
    let products = x.iter().zip(row).map(|(x, w)| f64::from(*x) * f64::from(*w));
    products.sum()
}

/// The matrix in four bits.
fn quantised(weights: &Stored<'_>, quantising: &Quantising) -> Result<Stored<'static>, QuantizeError> {
    weights
        .dequantized()
        .quantize(quantising.quantizer.into(), quantising.group)
        .map(Stored::Quantized)
}
