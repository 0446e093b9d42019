//! What `q4 tune` prints for people.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use q4_kernel::{
    Linear, NumericClass, ScaleLayout,
    tuning::{Entry, RowRange, Table},
};
use serde::Serialize;

use super::runs::{Results, Row};
use crate::{
    adapter::AdapterSummary,
    measure::Clock,
    output::{Align, aligned_products, count, duration, indented, table, wrapped},
    serving::Skipped,
};

/// Everything that was measured.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) adapter: AdapterSummary,
    pub(super) on_cpu: bool,
    pub(super) seconds: f64,
    pub(super) results: Results,
    /// What was measured now.
    pub(super) entries: Vec<Entry>,
    /// What the built-in order chooses for each of them, where it is known.
    pub(super) chosen: Vec<Option<Chosen>>,
    /// Entries that were in the table before and stay.
    pub(super) kept: usize,
    pub(super) table: Table,
    pub(super) skipped: Vec<Skipped>,
}

/// A report whose table is in its place.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) report: Report,
    pub(super) path: PathBuf,
}

/// What the built-in order chooses.
#[derive(Debug, Serialize)]
pub(super) struct Chosen {
    variant: String,
    /// How long it takes, if it was measured.
    seconds: Option<f64>,
}

impl Results {
    /// What the built-in order of the standard kernel, which is exact and has scales in the order of the contract, chooses for each entry.
    pub(super) fn chosen(&self, built_in: &Linear) -> Vec<Option<Chosen>> {
        let of = |row: &Row, class: NumericClass| {
            let is_standard = (class, row.scales) == (NumericClass::Exact, ScaleLayout::default());
            is_standard.then(|| {
                let variant = built_in.route(row.shape).variant().to_owned();
                let ranking = row.ranking(class, self.clock);
                let measured = ranking.iter().find(|(measured, _)| measured.name == variant);
                Chosen {
                    seconds: measured.map(|(_, nanoseconds)| *nanoseconds as f64 / 1e9),
                    variant,
                }
            })
        };
        let rows = self.rows.iter();
        rows.flat_map(|row| row.classes().map(move |class| of(row, class)))
            .collect()
    }
}

impl Report {
    /// Whether every kernel did what it should.
    pub(super) fn is_good(&self) -> bool {
        self.results.failed.is_empty()
    }
}

impl Written {
    /// Prints it for people.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let report = &self.report;
        writeln!(out, "adapter  {}", report.adapter)?;
        writeln!(
            out,
            "timing   {}, {} s in all\n",
            report.results.clock.name(),
            report.seconds
        )?;
        let products: Vec<[u32; 3]> = report
            .entries
            .iter()
            .map(|entry| [entry.shape.m, entry.shape.n, entry.shape.k])
            .collect();
        let lines = report
            .entries
            .iter()
            .zip(&report.chosen)
            .zip(aligned_products(&products))
            .map(|((entry, chosen), product)| line(entry, chosen.as_ref(), product));
        writeln!(out, "{}", table(&COLUMNS, lines))?;
        self.write_notes(out)
    }

    fn write_notes(&self, out: &mut impl Write) -> io::Result<()> {
        let Report {
            results,
            entries,
            kept,
            on_cpu,
            skipped,
            ..
        } = &self.report;
        let mut notes = vec![
            "M stands for all rows of its range; gain: how much faster the fastest is than what the built-in order chooses".to_owned(),
        ];
        if !skipped.is_empty() {
            let variants: usize = skipped.iter().map(|skipped| skipped.variants.len()).sum();
            notes.push(format!(
                "{} times a variant was left out of a shape that it does not serve here; --json has the reasons",
                count(variants)
            ));
        }
        if !results.unmeasured.is_empty() {
            let shapes: Vec<String> = results.unmeasured.iter().map(ToString::to_string).collect();
            notes.push(format!(
                "no time was left for {}; --seconds gives more",
                shapes.join("; ")
            ));
        }
        if results.clock == Clock::WallClock {
            notes.push(
                "the device has no clock that advances, so the host's was used: times include what the driver does around the work"
                    .to_owned(),
            );
        }
        notes.extend(results.clock_note.clone());
        if *on_cpu {
            notes.push("this adapter is software: the times say nothing about a GPU".to_owned());
        }
        for note in notes {
            write!(out, "{}", indented("- ", &wrapped(&note)))?;
        }
        writeln!(out)?;
        for failed in &results.failed {
            let place = failed.shape.map_or(String::new(), |shape| format!(" at {shape}"));
            writeln!(out, "{}{place}: LEFT OUT: {}", failed.variant, failed.reason)?;
        }
        let before = match kept {
            0 => String::new(),
            kept => format!(", beside {} that were there", count(*kept)),
        };
        let entries = match entries.len() {
            1 => "1 entry".to_owned(),
            several => format!("{} entries", count(several)),
        };
        writeln!(out, "{entries} written to {}{before}.", self.path.display())
    }
}

const COLUMNS: [(&str, Align); 9] = [
    ("M x N x K", Align::Left),
    ("rows", Align::Right),
    ("group", Align::Right),
    ("class", Align::Left),
    ("fastest", Align::Left),
    ("time", Align::Right),
    ("built in", Align::Left),
    ("time", Align::Right),
    ("gain", Align::Right),
];

fn line(entry: &Entry, chosen: Option<&Chosen>, product: String) -> Vec<String> {
    let fastest = entry.candidates.first();
    let seconds = fastest.map_or(f64::NAN, |measured| measured.nanoseconds as f64 / 1e9);
    let kind = fastest.map_or("-", |measured| measured.kind.as_str());
    let class = match entry.scales == ScaleLayout::default() {
        true => entry.numeric.to_string(),
        false => format!("{}, scales {}", entry.numeric, entry.scales),
    };
    let built_in = chosen.and_then(|chosen| chosen.seconds);
    let (variant, time, gain) = match chosen {
        Some(chosen) if chosen.variant == kind => ("the same", String::new(), String::new()),
        Some(chosen) => (
            chosen.variant.as_str(),
            built_in.map_or("-".to_owned(), duration),
            built_in.map_or("-".to_owned(), |built_in| format!("{:.2} x", built_in / seconds)),
        ),
        None => ("-", String::new(), String::new()),
    };
    vec![
        product,
        RowRange::of(entry.shape.m).to_string(),
        entry.shape.group_size.to_string(),
        class,
        kind.to_owned(),
        duration(seconds),
        variant.to_owned(),
        time,
        gain,
    ]
}
