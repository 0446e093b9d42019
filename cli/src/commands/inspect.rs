//! `q4 inspect`: the matrices of a file.

use std::io::Write;

use q4_kernel_formats::{Matrix, Model};
use serde::Serialize;

use crate::{
    cli::Inspect,
    failure::{Ending, Failure},
    output::{Align, Progress, counted, inexact, print_json, size, table, wrapped},
    serving::variants_for,
};

pub(crate) fn run(arguments: &Inspect, out: &mut impl Write) -> Result<Ending, Failure> {
    let model = Model::open(&arguments.file)?;
    let progress = Progress::new(model.matrices().len());
    let mut entries = Vec::new();
    for matrix in model.matrices() {
        progress.at(matrix.name.as_str());
        let mut entry = Entry::new(matrix);
        if arguments.hash {
            match model.load(&matrix.name) {
                Ok(weights) => entry.dequantized_sha256 = Some(weights.dequantized_sha256()),
                Err(error) => entry.error = Some(error.to_string()),
            }
        }
        entries.push(entry);
        progress.step();
    }
    drop(progress);

    let readable = entries.iter().all(|entry| entry.error.is_none());
    let report = Report {
        file: arguments.file.display().to_string(),
        container: model.container().name(),
        matrices: entries,
    };
    if arguments.format.json {
        print_json(out, &report)?;
    } else {
        write!(out, "{}", report.text(arguments.hash))?;
    }
    Ok(Ending::of(readable))
}

/// What there is to say of a file, as JSON.
#[derive(Serialize)]
struct Report<'a> {
    file: String,
    container: &'static str,
    matrices: Vec<Entry<'a>>,
}

/// A matrix, as JSON.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    format: &'a str,
    n: u32,
    k: u32,
    group_size: Option<u32>,
    /// How its nibbles become weights; none if it has no nibbles that are read.
    encoding: Option<&'static str>,
    /// The format of its scales.
    scales: Option<&'static str>,
    bits_per_weight: f64,
    bias: bool,
    bytes: u64,
    /// Variants of the catalogue that multiply by it as it is: of its encoding, with scales that hold its own.
    variants: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    dequantized_sha256: Option<String>,
    /// Why there is no digest where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl<'a> Entry<'a> {
    fn new(matrix: &'a Matrix) -> Self {
        Self {
            name: &matrix.name,
            format: &matrix.format,
            n: matrix.n,
            k: matrix.k,
            group_size: matrix.group_size,
            encoding: matrix.weights.map(|weights| weights.encoding.name()),
            scales: matrix.weights.map(|weights| weights.scales.name()),
            bits_per_weight: matrix.bits_per_weight(),
            bias: matrix.bias,
            bytes: matrix.bytes,
            variants: variants_for(matrix).count(),
            dequantized_sha256: None,
            error: None,
        }
    }
}

const COLUMNS: [(&str, Align); 9] = [
    ("matrix", Align::Left),
    ("format", Align::Left),
    ("N", Align::Right),
    ("K", Align::Right),
    ("group", Align::Right),
    ("bits", Align::Right),
    ("bias", Align::Left),
    ("size", Align::Right),
    ("runs", Align::Left),
];

impl Report<'_> {
    fn text(&self, hash: bool) -> String {
        let mut columns = COLUMNS.to_vec();
        if hash {
            columns.push(("SHA-256, dequantised", Align::Left));
        }
        let rows = self.matrices.iter().map(|entry| entry.row(hash));
        let total: u64 = self.matrices.iter().map(|entry| entry.bytes).sum();
        // Why there is no digest takes sentences: they stand below, where the table stays as narrow as it is.
        let unread = self.matrices.iter().filter_map(|entry| {
            let error = entry.error.as_ref()?;
            Some(wrapped(&format!("{}: {error}", entry.name)) + "\n")
        });
        format!(
            "{}\n{}{}: {}, {}\n",
            table(&columns, rows),
            unread.collect::<String>(),
            self.container,
            counted(self.matrices.len(), "matrix", "matrices"),
            size(total.into())
        )
    }
}

impl Entry<'_> {
    fn row(&self, hash: bool) -> Vec<String> {
        let runs = match (self.variants, self.encoding) {
            (0, None) => "once quantised".to_owned(),
            (0, Some(_)) => "no variant".to_owned(),
            (variants, _) => counted(variants, "variant", "variants"),
        };
        let mut row = vec![
            self.name.to_owned(),
            self.format.to_owned(),
            self.n.to_string(),
            self.k.to_string(),
            self.group_size
                .map_or_else(|| "-".to_owned(), |group_size| group_size.to_string()),
            inexact(self.bits_per_weight),
            if self.bias { "yes" } else { "-" }.to_owned(),
            size(self.bytes.into()),
            runs,
        ];
        if hash {
            let digest = self.dequantized_sha256.as_deref();
            row.push(digest.unwrap_or("none, see below").to_owned());
        }
        row
    }
}
