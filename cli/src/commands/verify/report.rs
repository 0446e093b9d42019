//! What `q4 verify` prints.

use std::io::{self, Write};

use q4_kernel_verify::{Cost, Finding, Promise, Verdict};
use serde::Serialize;

use crate::output::{Align, count, inexact, table};

/// Findings of one promise of one variant that are worth reading; the rest is counted.
const SHOWN_FINDINGS: usize = 3;
/// Variants that break promises and are shown; what breaks one most often breaks its kin.
const SHOWN_VARIANTS: usize = 5;

/// The verdicts, as JSON.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    clean: bool,
    launches: u64,
    lane_operations: u64,
    variants: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    clean: bool,
    #[serde(flatten)]
    verdict: &'a Verdict,
    cost: &'a Option<Cost>,
}

impl<'a> Json<'a> {
    pub(super) fn new(verdicts: &'a [Verdict], costs: &'a [Option<Cost>]) -> Self {
        Self {
            clean: verdicts.iter().all(Verdict::is_clean),
            launches: verdicts.iter().map(|verdict| verdict.launches).sum(),
            lane_operations: verdicts.iter().map(|verdict| verdict.lane_operations).sum(),
            variants: verdicts
                .iter()
                .zip(costs)
                .map(|(verdict, cost)| Entry {
                    clean: verdict.is_clean(),
                    verdict,
                    cost,
                })
                .collect(),
        }
    }
}

/// A table of promises, what breaks them, and the verdict.
pub(super) fn print(out: &mut impl Write, verdicts: &[Verdict]) -> io::Result<()> {
    let columns = [
        ("promise", Align::Left),
        ("kept by", Align::Right),
        ("broken by", Align::Right),
        ("what it says", Align::Left),
    ];
    let rows = Promise::ALL.map(|promise| {
        let broken = verdicts
            .iter()
            .filter(|verdict| !findings(verdict, promise).is_empty())
            .count();
        vec![
            promise.to_string(),
            (verdicts.len() - broken).to_string(),
            if broken == 0 {
                "-".to_owned()
            } else {
                broken.to_string()
            },
            meaning(promise).to_owned(),
        ]
    });
    write!(out, "{}", table(&columns, rows))?;
    let broken: Vec<&Verdict> = verdicts.iter().filter(|verdict| !verdict.is_clean()).collect();
    for verdict in broken.iter().take(SHOWN_VARIANTS) {
        writeln!(out, "\n{}", verdict.variant)?;
        for promise in Promise::ALL {
            print_findings(out, promise, findings(verdict, promise))?;
        }
    }
    if let Some(more) = broken.len().checked_sub(SHOWN_VARIANTS + 1) {
        writeln!(out, "\nand {} more; `--json` has them all", more + 1)?;
    }
    let clean = verdicts.iter().filter(|verdict| verdict.is_clean()).count();
    let launches: u64 = verdicts.iter().map(|verdict| verdict.launches).sum();
    let operations: u64 = verdicts.iter().map(|verdict| verdict.lane_operations).sum();
    let name = match verdicts {
        [only] => format!(
            "{} {}",
            only.variant,
            if clean == 1 {
                "keeps every promise"
            } else {
                "breaks promises"
            }
        ),
        _ if clean == verdicts.len() => format!("Every one of {clean} variants keeps every promise"),
        _ => format!("{clean} of {} variants keep every promise", verdicts.len()),
    };
    writeln!(
        out,
        "\n{name}, over {} launches of {} lane operations.",
        count(launches),
        count(operations)
    )
}

/// What a launch costs, a row for each binding.
pub(super) fn print_cost(out: &mut impl Write, cost: &Cost) -> io::Result<()> {
    let columns = [
        ("per weight", Align::Left),
        ("bytes", Align::Right),
        ("unique bytes", Align::Right),
        ("32-byte sectors", Align::Right),
    ];
    let rows = cost.bindings.iter().map(|(binding, traffic)| {
        let numbers = [traffic.bytes, traffic.unique_bytes, traffic.sectors];
        std::iter::once((*binding).to_owned())
            .chain(numbers.map(per_weight))
            .collect()
    });
    write!(out, "\n{}", table(&columns, rows))?;
    let Cost {
        shape, subgroup_size, ..
    } = cost;
    writeln!(
        out,
        "\n{} float, {} integer operations, {} conversions, {} bytes of workgroup memory, {} bank conflicts a weight;\n\
         counted at {shape} with subgroups of {subgroup_size}",
        per_weight(cost.float_operations),
        per_weight(cost.integer_operations),
        per_weight(cost.conversions),
        per_weight(cost.workgroup_bytes),
        per_weight(cost.bank_conflicts),
    )
}

fn per_weight(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else {
        inexact(value)
    }
}

fn print_findings(out: &mut impl Write, promise: Promise, findings: &[Finding]) -> io::Result<()> {
    for Finding { message, launches } in findings.iter().take(SHOWN_FINDINGS) {
        let times = if *launches > 1 {
            format!(", {launches} launches")
        } else {
            String::new()
        };
        writeln!(out, "  {promise}: {message}{times}")?;
    }
    match findings.len().saturating_sub(SHOWN_FINDINGS) {
        0 => Ok(()),
        more => writeln!(out, "  {promise}: {more} more"),
    }
}

fn findings(verdict: &Verdict, promise: Promise) -> &[Finding] {
    verdict.promises.get(&promise).map_or(&[], Vec::as_slice)
}

fn meaning(promise: Promise) -> &'static str {
    match promise {
        Promise::SameWeightLayout => "reads weights and scales where every other variant does",
        Promise::InBounds => "every access is inside of its buffer or array",
        Promise::Initialised => "nothing is read that was not written",
        Promise::RaceFree => "no accesses conflict, and no schedule changes a bit",
        Promise::UniformBarriers => "all lanes reach every barrier and subgroup operation",
        Promise::DefinedArithmetic => "no division by zero, no shift or conversion out of range",
        Promise::OutputsWrittenOnce => "every output is written, once, and nothing else",
        Promise::DispatchAgrees => "any grid of the formula serves the shape, and loops end",
        Promise::NumericClass => "results agree with float64 as the class says",
    }
}
