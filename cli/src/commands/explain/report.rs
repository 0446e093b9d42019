//! What `q4 explain` prints for people.

use std::io::{self, Write};

use q4_kernel::{Considered, NumericClass, RouteSource, Shape, Verdict, tuning::Measured};
use serde::Serialize;

use super::route::Explained;
use crate::{
    adapter::AdapterSummary,
    cli::Explain,
    grouping::grouped,
    names,
    output::{Align, count, duration, indented, table, wrapped},
    reasons::{Reason, by_reason},
    tables::TuningTables,
};

/// Every route that was asked for.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) adapter: AdapterSummary,
    pub(super) tuning: TuningTables,
    pub(super) weights: String,
    pub(super) routes: Vec<Explained>,
}

/// Candidates of an entry that are shown, unless all are asked for: those beyond are slower still.
const CANDIDATES: usize = 6;

const COLUMNS: [(&str, Align); 5] = [
    ("class", Align::Left),
    ("M", Align::Right),
    ("route", Align::Left),
    ("what runs", Align::Left),
    ("decided by", Align::Left),
];

impl Report {
    /// Whether every number of rows is served in every class.
    pub(super) fn is_served(&self) -> bool {
        self.routes
            .iter()
            .all(|explained| explained.routing.chosen().is_some())
    }

    pub(super) fn write(&self, arguments: &Explain, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "adapter  {}", self.adapter)?;
        let mut margin = "tuning   ";
        for line in self.tuning.lines() {
            write!(out, "{}", indented(margin, &wrapped(&line)))?;
            margin = "         ";
        }
        let Explain { k, n, .. } = arguments;
        writeln!(out, "layer    N = {n}, K = {k}: {}\n", self.weights)?;

        let classes = grouped(self.routes.iter().map(|explained| (explained.numeric, explained)));
        let lines = classes.iter().flat_map(|(_, routes)| {
            let class = |index: usize, explained| line(index == 0, explained);
            routes
                .iter()
                .enumerate()
                .map(move |(index, explained)| class(index, explained))
        });
        writeln!(out, "{}", table(&COLUMNS, lines))?;
        for note in self.notes() {
            write!(out, "{}", indented("- ", &wrapped(&note)))?;
        }
        for explained in &self.routes {
            writeln!(out)?;
            Section {
                explained,
                names_all: arguments.all,
            }
            .write(out)?;
        }
        Ok(())
    }

    /// What one must know to read the table.
    fn notes(&self) -> Vec<String> {
        let rounding = self
            .routes
            .iter()
            .map(|explained| explained.numeric)
            .find(|numeric| *numeric != NumericClass::Exact);
        let mut notes = vec![
            "the built-in order: the first variant of the routes, decode for one row, few, then prefill, that runs here and serves the shape; rows of one small tile take small tiles first"
                .to_owned(),
        ];
        if let Some(class) = rounding {
            notes.push(format!(
                "a class that rounds runs where a description allows it, as `numeric: {class}` in `q4_kernel!` does; exact kernels stand behind its own"
            ));
        }
        notes
    }
}

/// A route in a line.
fn line(is_first_of_class: bool, explained: &Explained) -> Vec<String> {
    let routing = &explained.routing;
    let (route, variant) = match routing.chosen().zip(explained.chosen()) {
        Some((Considered { route, .. }, kind)) => (route.to_string(), kind),
        None => ("-".to_owned(), "nothing serves it"),
    };
    let decided = match &routing.source {
        _ if routing.chosen().is_none() => "-".to_owned(),
        RouteSource::BuiltIn => "the built-in order".to_owned(),
        RouteSource::Measured {
            table, nanoseconds, ..
        } => format!("{}, says {table}", time(*nanoseconds)),
    };
    let class = if is_first_of_class {
        explained.numeric.name()
    } else {
        ""
    };
    vec![
        class.to_owned(),
        routing.m.to_string(),
        route,
        variant.to_owned(),
        decided,
    ]
}

fn time(nanoseconds: u64) -> String {
    duration(nanoseconds as f64 / 1e9)
}

/// Why a route is as it is.
struct Section<'a> {
    explained: &'a Explained,
    names_all: bool,
}

impl Section<'_> {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Explained { numeric, routing, .. } = self.explained;
        let chosen = self.explained.chosen();
        writeln!(
            out,
            "{numeric}, M = {}: {}",
            routing.m,
            chosen.unwrap_or("nothing serves it")
        )?;
        self.write_entry(out)?;
        let mut margin = "  before it  ";
        for Reason { reason, variants } in by_reason(self.explained.before()) {
            let text = format!("{} {reason}: {}", count(variants.len()), self.named(&variants));
            write!(out, "{}", indented(margin, &wrapped(&text)))?;
            margin = INSET;
        }
        if chosen.is_none() {
            return Ok(());
        }
        let behind: Vec<(&str, &str)> = self.explained.behind().collect();
        let text = match behind[..] {
            [] => "nothing else that serves the shape".to_owned(),
            [(_, only)] => format!("one more that serves the shape: {only}"),
            [(_, next), ..] => format!(
                "{} more that serve the shape, {next} first: {}",
                count(behind.len()),
                self.families(&behind)
            ),
        };
        write!(out, "{}", indented("  behind it  ", &wrapped(&text)))
    }

    /// The entry of a table that decided, with its times.
    fn write_entry(&self, out: &mut impl Write) -> io::Result<()> {
        let Explained { routing, entry, .. } = self.explained;
        let (RouteSource::Measured { table, .. }, Some(entry)) = (&routing.source, entry) else {
            return Ok(());
        };
        let Shape { m, n, k, .. } = entry.shape;
        let near = if (m, n, k) == (routing.m, routing.n, routing.k) {
            "this very shape"
        } else {
            "the nearest shape that it has for so many rows"
        };
        let text = format!("M={m} N={n} K={k} in {table}, {near}");
        write!(out, "{}", indented("  entry      ", &wrapped(&text)))?;
        let shown = if self.names_all {
            entry.candidates.len()
        } else {
            CANDIDATES
        };
        let (first, others) = entry.candidates.split_at(shown.min(entry.candidates.len()));
        let width = first
            .iter()
            .map(|measured| measured.kind.len())
            .max()
            .unwrap_or_default();
        for Measured { kind, nanoseconds } in first {
            let time = time(*nanoseconds);
            writeln!(out, "{INSET}{time:>7}  {kind:width$}  {}", self.said_of(kind))?;
        }
        match others.len() {
            0 => Ok(()),
            more => writeln!(out, "{INSET}and {} slower ones", count(more)),
        }
    }

    /// What became of a candidate of the entry.
    fn said_of(&self, kind: &str) -> String {
        match self.explained.verdict(kind) {
            None => "no variant of this kernel".to_owned(),
            Some(Verdict::Chosen) => "runs".to_owned(),
            Some(Verdict::NotReached) => "behind it".to_owned(),
            Some(Verdict::RuledOut(reason)) => reason.to_string(),
        }
    }

    /// Names, or where they are many patterns that stand for them.
    fn named(&self, variants: &[&str]) -> String {
        if self.names_all || variants.len() <= NAMED {
            variants.join(", ")
        } else {
            names::patterns(variants).join(", ")
        }
    }

    /// How many of each family, or all by name.
    fn families(&self, variants: &[(&str, &str)]) -> String {
        let told: Vec<String> = if self.names_all {
            variants.iter().map(|(_, name)| (*name).to_owned()).collect()
        } else {
            grouped(variants.iter().copied())
                .into_iter()
                .map(|(family, members)| format!("{} of {family}", count(members.len())))
                .collect()
        };
        told.join(", ")
    }
}

/// Variants that are named one by one, at most.
const NAMED: usize = 2;
/// What stands before lines that belong to the one above.
const INSET: &str = "             ";
