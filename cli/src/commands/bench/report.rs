//! What `q4 bench` prints for people.

use std::io::{self, Write};

use q4_kernel::Shape;

use super::{
    conditions::Conditions,
    kernels::Wanted,
    runs::{Outcome, Row},
};
use crate::{
    measure::Spread,
    output::{Align, duration, error, first_wrong, indented, inexact, size, table, wrapped},
    serving::Skipped,
};

/// Everything that was measured.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) conditions: Conditions,
    /// Bytes of weights and scales between two uses of the same copy.
    pub(super) rotation_bytes: u64,
    pub(super) default_shapes: bool,
    pub(super) baseline: Wanted,
    pub(super) rows: Vec<Row>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) ok: bool,
}

/// What a row comes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub(super) seconds: Spread,
    pub(super) gigabytes_per_second: f64,
    /// Of the bandwidth that reading alone reaches.
    pub(super) read_bandwidth_share: f64,
    pub(super) teraflops_per_second: f64,
    /// How many times faster than the baseline on the same shape, where that was measured.
    pub(super) speedup: Option<f64>,
}

/// Multiplications and additions of a product, each counted.
pub(super) fn operations(Shape { m, n, k, .. }: Shape) -> f64 {
    2.0 * f64::from(m) * f64::from(n) * f64::from(k)
}

impl Report {
    /// Prints it for people.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.conditions.write(out)?;
        if self.baseline.role().is_none() {
            writeln!(out, "speedup  over {}", self.baseline.word)?;
        }
        writeln!(out)?;
        for rows in self.by_shape() {
            self.write_shape(rows, out)?;
        }
        if !self.skipped.is_empty() {
            let lines = self
                .skipped
                .iter()
                .map(|skipped| vec![skipped.variants.len().to_string(), skipped.reason.clone()]);
            writeln!(
                out,
                "{}",
                table(&[("left out", Align::Right), ("because", Align::Left)], lines)
            )?;
        }
        for note in self.notes() {
            write!(out, "{}", indented("- ", &wrapped(&note)))?;
        }
        writeln!(out)?;
        self.write_verdict(out)
    }

    /// The kernels on one shape, fastest first.
    fn write_shape(&self, rows: &[Row], out: &mut impl Write) -> io::Result<()> {
        let Some(Row { shape, .. }) = rows.first() else {
            return Ok(());
        };
        writeln!(
            out,
            "{} x {} x {}, group size {}",
            shape.m, shape.n, shape.k, shape.group_size
        )?;
        let mut measured: Vec<(&Row, Option<(Figures, &Outcome)>)> =
            rows.iter().map(|row| (row, self.figures(row))).collect();
        let median = |figures: &Option<(Figures, &Outcome)>| {
            figures
                .as_ref()
                .map_or(f64::INFINITY, |(figures, _)| figures.seconds.median)
        };
        measured.sort_by(|(_, a), (_, b)| median(a).total_cmp(&median(b)));
        // A word has room in a header, the name of a variant has not.
        let versus = match self.baseline.role() {
            Some(word) => format!("vs {word}"),
            None => "speedup".to_owned(),
        };
        let columns =
            COLUMNS.map(|(name, align)| (if name == SPEEDUP { versus.as_str() } else { name }, align));
        let lines = measured.iter().map(|(row, figures)| line(row, figures.as_ref()));
        writeln!(out, "{}", table(&columns, lines))
    }

    /// What one must know to read the tables.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.conditions.notes();
        notes.push(format!(
            "each multiplication takes another copy of the weights, until {} of them were read",
            size(self.rotation_bytes.into())
        ));
        let outcomes = || self.rows.iter().filter_map(|row| row.outcome.as_ref().ok());
        let checked = outcomes().filter(|outcome| outcome.checked).count();
        if checked > 0 {
            notes.push(format!(
                "the kernels of {checked} rows are not verified and run with wgpu's run-time checks, which cost time"
            ));
        }
        let small = outcomes()
            .filter(|outcome| outcome.rotation_bytes < self.rotation_bytes)
            .count();
        if small > 0 {
            notes.push(format!(
                "the matrices of {small} rows are so small that their copies may stay in caches: there the launch is what is measured"
            ));
        }
        if self.conditions.on_cpu && self.default_shapes {
            notes.push(
                "the shapes are small ones, for an adapter like this; --shapes names others".to_owned(),
            );
        }
        notes
    }

    fn write_verdict(&self, out: &mut impl Write) -> io::Result<()> {
        let bad = self.rows.iter().filter(|row| !row.is_good());
        for row in bad {
            let place = format!("{} at {}", row.kernel.variant.name, row.shape);
            match &row.outcome {
                Err(reason) => writeln!(out, "{place}: not measured: {reason}")?,
                Ok(outcome) => {
                    let wrong = first_wrong(&outcome.accuracy.comparison).unwrap_or_default();
                    writeln!(out, "{place}: {wrong}")?;
                }
            }
        }
        let wrong = self.rows.iter().filter(|row| !row.is_good()).count();
        if wrong == 0 {
            return writeln!(out, "Every output that was sampled agrees with float64.");
        }
        writeln!(out, "{wrong} of {} rows ARE NO GOOD.", self.rows.len())
    }

    /// The rows of each shape, in the order in which they were measured.
    fn by_shape(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|a, b| a.shape == b.shape)
    }

    /// What a row comes to, where it ran.
    pub(super) fn figures<'a>(&self, row: &'a Row) -> Option<(Figures, &'a Outcome)> {
        let outcome = row.outcome.as_ref().ok()?;
        let seconds = outcome.times.by(self.conditions.clock);
        let bytes_per_second = outcome.bytes as f64 / seconds.median;
        let baseline = self
            .rows
            .iter()
            .find(|other| other.shape == row.shape && other.kernel.is_baseline)
            .and_then(Row::times);
        let figures = Figures {
            seconds,
            gigabytes_per_second: bytes_per_second / 1e9,
            read_bandwidth_share: bytes_per_second / self.conditions.bytes_per_second(),
            teraflops_per_second: operations(row.shape) / seconds.median / 1e12,
            speedup: baseline.map(|times| times.by(self.conditions.clock).median / seconds.median),
        };
        Some((figures, outcome))
    }
}

/// The column that the name of the baseline goes into.
const SPEEDUP: &str = "speedup";

const COLUMNS: [(&str, Align); 10] = [
    ("kernel", Align::Left),
    ("as", Align::Left),
    ("class", Align::Left),
    ("time", Align::Right),
    ("spread", Align::Right),
    ("GB/s", Align::Right),
    ("% read", Align::Right),
    ("TFLOP/s", Align::Right),
    (SPEEDUP, Align::Right),
    ("error", Align::Right),
];

fn line(row: &Row, figures: Option<&(Figures, &Outcome)>) -> Vec<String> {
    let mut cells = vec![
        row.kernel.variant.name.clone().into_owned(),
        row.kernel.roles.join(", "),
        row.kernel.variant.configuration.numeric.to_string(),
    ];
    match figures {
        None => {
            cells.push("NOT RUN".to_owned());
            cells.resize(COLUMNS.len(), String::new());
        }
        Some((figures, outcome)) => {
            let accuracy = &outcome.accuracy;
            let wrong = if accuracy.comparison.agrees() {
                ""
            } else {
                " WRONG"
            };
            cells.extend([
                duration(figures.seconds.median),
                format!("{:.1} %", figures.seconds.relative() * 100.0),
                inexact(figures.gigabytes_per_second),
                format!("{:.1}", figures.read_bandwidth_share * 100.0),
                inexact(figures.teraflops_per_second),
                figures
                    .speedup
                    .map_or("-".to_owned(), |speedup| format!("{speedup:.2} x")),
                format!("{}{wrong}", error(accuracy.relative_to_rms)),
            ]);
        }
    }
    cells
}
