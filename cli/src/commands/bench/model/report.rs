//! What `q4 bench --model` prints for people and for spreadsheets.

use std::io::{self, Write};

use q4_kernel::Shape;

use super::runs::{Measured, Outcome, Phase, Row};
use crate::{
    architecture::Architecture,
    commands::bench::{conditions::Conditions, kernels::MODEL_BASELINES},
    grouping::grouped,
    measure::Spread,
    output::{
        Align, aligned_products, count, csv_line, duration, error, first_wrong, indented, inexact, table,
        wrapped,
    },
};

/// Everything that was measured.
#[derive(Debug)]
pub(super) struct ModelReport {
    pub(super) conditions: Conditions,
    pub(super) architecture: Architecture,
    /// Tokens of the prompt.
    pub(super) prompt: u32,
    /// What the others are compared with.
    pub(super) baselines: [&'static str; MODEL_BASELINES.len()],
    pub(super) rows: Vec<Row>,
    pub(super) ok: bool,
}

/// What a row comes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub(super) seconds: Spread,
    pub(super) tokens_per_second: f64,
    pub(super) gigabytes_per_second: f64,
    pub(super) read_bandwidth_share: f64,
    pub(super) teraflops_per_second: f64,
    /// How many times faster than each baseline, where that was measured for the same.
    pub(super) speedups: [Option<f64>; MODEL_BASELINES.len()],
    /// The largest error of all shapes, relative to the root of the mean square of the outputs.
    pub(super) error_relative_to_rms: f64,
}

impl ModelReport {
    /// Prints it for people.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Architecture { name, layers, .. } = self.architecture;
        self.conditions.write(out)?;
        writeln!(
            out,
            "model    {name}, {layers} {}: {} matrices with weights of their own, {} weights in all\n",
            if layers == 1 { "layer" } else { "layers" },
            self.matrices(),
            count(self.weights())
        )?;
        for (group_size, phase) in self.sections() {
            self.write_section(group_size, phase, out)?;
        }
        for note in self.notes() {
            write!(out, "{}", indented("- ", &wrapped(&note)))?;
        }
        writeln!(out)?;
        self.write_verdict(out)
    }

    fn write_section(&self, group_size: u32, phase: Phase, out: &mut impl Write) -> io::Result<()> {
        let rows = || {
            self.rows
                .iter()
                .filter(move |row| (row.group_size, row.phase) == (group_size, phase))
        };
        let title = match phase {
            Phase::Decode => "decode: one token".to_owned(),
            Phase::Prefill => format!("prefill: {} tokens", self.prompt),
        };
        writeln!(out, "{title}, group size {group_size}")?;
        let versus = self.baselines.map(|word| format!("vs {word}"));
        let columns: Vec<(&str, Align)> = [
            ("kernels", Align::Left),
            ("time", Align::Right),
            ("spread", Align::Right),
            ("tokens/s", Align::Right),
            ("GB/s", Align::Right),
            ("% read", Align::Right),
            ("TFLOP/s", Align::Right),
        ]
        .into_iter()
        .chain(versus.iter().map(|versus| (versus.as_str(), Align::Right)))
        .chain([("error", Align::Right)])
        .collect();
        let lines = rows()
            .filter_map(|row| Some((row, self.figures(row)?)))
            .map(|(row, figures)| {
                let speedup = |speedup: Option<f64>| {
                    speedup.map_or("-".to_owned(), |speedup| format!("{speedup:.2} x"))
                };
                let mut cells = vec![
                    row.kernels.clone(),
                    duration(figures.seconds.median),
                    format!("{:.1} %", figures.seconds.relative() * 100.0),
                    inexact(figures.tokens_per_second),
                    inexact(figures.gigabytes_per_second),
                    format!("{:.1}", figures.read_bandwidth_share * 100.0),
                    inexact(figures.teraflops_per_second),
                ];
                cells.extend(figures.speedups.map(speedup));
                cells.push(error(figures.error_relative_to_rms));
                cells
            });
        writeln!(out, "{}", table(&columns, lines))?;
        // What a route chooses is news; what a word stands for is the same everywhere.
        for row in rows().filter(|row| !self.baselines.contains(&row.kernels.as_str())) {
            if let Some(measured) = row.measured() {
                writeln!(out, "{}", choices(measured))?;
            }
        }
        for (reason, kernels) in grouped(rows().filter_map(|row| match &row.outcome {
            Outcome::Unserved(reason) => Some((reason, row.kernels.as_str())),
            Outcome::Measured(_) | Outcome::Failed(_) => None,
        })) {
            writeln!(out, "left out: {}: {reason}\n", kernels.join(", "))?;
        }
        Ok(())
    }

    /// What one must know to read the tables.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.conditions.notes();
        notes.push(
            "all matrices of the model, and nothing else, in one compute pass: attention, norms and activations come on top".to_owned(),
        );
        notes.push("of a prompt, lm_head multiplies the last row only".to_owned());
        notes
    }

    fn write_verdict(&self, out: &mut impl Write) -> io::Result<()> {
        for row in self.rows.iter().filter(|row| !row.is_good()) {
            let place = format!("{}, {} tokens", row.kernels, row.tokens);
            match &row.outcome {
                Outcome::Failed(reason) => writeln!(out, "{place}: not measured: {reason}")?,
                Outcome::Measured(measured) => {
                    for checked in &measured.checked {
                        if let Some(wrong) = first_wrong(&checked.accuracy.comparison) {
                            writeln!(
                                out,
                                "{place}: {} at {}: {wrong}",
                                checked.variant.name, checked.shape
                            )?;
                        }
                    }
                }
                Outcome::Unserved(_) => {}
            }
        }
        if self.ok {
            writeln!(out, "Every output that was sampled agrees with float64.")
        } else {
            writeln!(out, "NOT ALL IS GOOD.")
        }
    }

    /// Prints a header and a line for each row that was measured.
    pub(super) fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        let header = [
            "adapter",
            "clock",
            "model",
            "layers",
            "group_size",
            "phase",
            "tokens",
            "kernels",
            "seconds",
            "lower_quartile",
            "upper_quartile",
            "tokens_per_second",
            "gigabytes_per_second",
            "read_bandwidth_share",
            "teraflops_per_second",
            "error_relative_to_rms",
            "ok",
        ];
        write!(out, "{}", csv_line(header))?;
        for row in &self.rows {
            let Some(figures) = self.figures(row) else {
                continue;
            };
            let cells = [
                self.conditions.adapter.name.clone(),
                self.conditions.clock.word().to_owned(),
                self.architecture.name.to_owned(),
                self.architecture.layers.to_string(),
                row.group_size.to_string(),
                row.phase.word().to_owned(),
                row.tokens.to_string(),
                row.kernels.clone(),
                figures.seconds.median.to_string(),
                figures.seconds.lower_quartile.to_string(),
                figures.seconds.upper_quartile.to_string(),
                figures.tokens_per_second.to_string(),
                figures.gigabytes_per_second.to_string(),
                figures.read_bandwidth_share.to_string(),
                figures.teraflops_per_second.to_string(),
                figures.error_relative_to_rms.to_string(),
                row.is_good().to_string(),
            ];
            write!(out, "{}", csv_line(&cells))?;
        }
        Ok(())
    }

    pub(super) fn matrices(&self) -> usize {
        self.architecture.matrices(1).len()
    }

    pub(super) fn weights(&self) -> u64 {
        let weights = |shape: q4_kernel::LayerShape| u64::from(shape.n) * u64::from(shape.k);
        let matrices = self.architecture.matrices(1);
        matrices.iter().map(|matrix| weights(matrix.shape)).sum()
    }

    /// Group sizes and phases, in the order in which they were measured.
    fn sections(&self) -> Vec<(u32, Phase)> {
        let sections = self.rows.iter().map(|row| ((row.group_size, row.phase), ()));
        grouped(sections)
            .into_iter()
            .map(|(section, _)| section)
            .collect()
    }

    /// What a row comes to, where it was measured.
    pub(super) fn figures(&self, row: &Row) -> Option<Figures> {
        let measured = row.measured()?;
        let clock = self.conditions.clock;
        let seconds = measured.times.by(clock);
        let bytes_per_second = measured.bytes as f64 / seconds.median;
        let speedup = |word: &str| {
            let same = |other: &&Row| {
                (other.group_size, other.phase, other.kernels.as_str()) == (row.group_size, row.phase, word)
            };
            let times = self.rows.iter().find(same)?.times()?;
            Some(times.by(clock).median / seconds.median)
        };
        let errors = measured
            .checked
            .iter()
            .map(|checked| checked.accuracy.relative_to_rms);
        Some(Figures {
            seconds,
            tokens_per_second: f64::from(row.tokens) / seconds.median,
            gigabytes_per_second: bytes_per_second / 1e9,
            read_bandwidth_share: bytes_per_second / self.conditions.bytes_per_second(),
            teraflops_per_second: measured.operations / seconds.median / 1e12,
            speedups: self.baselines.map(speedup),
            // `f64::max` would drop a NaN, which is the largest error of all.
            error_relative_to_rms: errors
                .reduce(|a, b| if a > b || a.is_nan() { a } else { b })
                .unwrap_or(f64::NAN),
        })
    }
}

impl Phase {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Prefill => "prefill",
        }
    }
}

/// Which kernel ran for which matrices.
fn choices(measured: &Measured) -> String {
    let products: Vec<_> = measured
        .checked
        .iter()
        .map(|checked| {
            let Shape { m, n, k, .. } = checked.shape;
            [m, n, k]
        })
        .collect();
    let lines = measured
        .checked
        .iter()
        .zip(aligned_products(&products))
        .map(|(checked, product)| {
            vec![
                checked.names.join(", "),
                product,
                checked.variant.name.clone().into_owned(),
                checked.variant.configuration.numeric.to_string(),
                error(checked.accuracy.relative_to_rms),
            ]
        });
    let columns = [
        ("matrices", Align::Left),
        ("M x N x K", Align::Left),
        ("routed to", Align::Left),
        ("class", Align::Left),
        ("error", Align::Right),
    ];
    table(&columns, lines)
}
