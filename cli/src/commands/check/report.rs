//! What `q4 check` prints for people.

use std::io::{self, Write};

use q4_kernel::{conformance::Placement, reference::samples::Data};

use super::runs::{Row, Run};
use crate::{
    adapter::AdapterSummary,
    output::{Align, aligned_products, count, error, first_wrong, table, tolerance},
    serving::Skipped,
};

/// Everything that was asked for and everything that came of it.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) adapter: AdapterSummary,
    pub(super) variant: String,
    pub(super) bias: bool,
    pub(super) seed: u64,
    pub(super) rows: Vec<Row>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) ok: bool,
}

impl Report {
    /// Prints it for people.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Self {
            adapter,
            rows,
            skipped,
            ..
        } = self;
        writeln!(out, "adapter  {adapter}")?;
        writeln!(
            out,
            "runs     four each: exact and random data (seed {}), aligned and unaligned buffers; {} bias\n",
            self.seed,
            if self.bias { "with" } else { "without" }
        )?;
        let products: Vec<_> = rows
            .iter()
            .map(|row| [row.shape.m, row.shape.n, row.shape.k])
            .collect();
        let lines = rows
            .iter()
            .zip(aligned_products(&products))
            .map(|(row, product)| line(row, product));
        write!(out, "{}", table(&COLUMNS, lines))?;
        writeln!(
            out,
            "\nexact, random: the largest error with such data{}\nallowed: absolute / relative / of the products behind an output, \
             which is wrong only if it misses all\n",
            if self.exact_data_allows_none() {
                "; exact data allows none"
            } else {
                ""
            }
        )?;
        if !skipped.is_empty() {
            let lines = skipped
                .iter()
                .map(|skipped| vec![skipped.variants.len().to_string(), skipped.reason.clone()]);
            writeln!(
                out,
                "{}",
                table(&[("skipped", Align::Right), ("because", Align::Left)], lines)
            )?;
        }
        self.write_verdict(out)
    }

    fn write_verdict(&self, out: &mut impl Write) -> io::Result<()> {
        if self.ok {
            return writeln!(
                out,
                "Every one of {} outputs agrees with float64.",
                count(self.outputs())
            );
        }
        let bad: Vec<(&Row, &Run)> = self
            .rows
            .iter()
            .flat_map(|row| row.runs.iter().map(move |run| (row, run)))
            .filter(|(_, run)| !run.agrees())
            .collect();
        for (row, run) in bad.iter().take(SHOWN) {
            writeln!(out, "{}", complaint(row, run))?;
        }
        if bad.len() > SHOWN {
            writeln!(
                out,
                "... and {} more runs that went wrong; --json lists all",
                bad.len() - SHOWN
            )?;
        }
        let wrong = self.rows.iter().filter(|row| !row.agrees()).count();
        writeln!(
            out,
            "\n{wrong} of {} rows DO NOT AGREE with float64.",
            self.rows.len()
        )
    }

    /// Whether exact data left no kernel an excuse: beyond some K it is not exact any more.
    fn exact_data_allows_none(&self) -> bool {
        let runs = self
            .rows
            .iter()
            .flat_map(|row| &row.runs)
            .filter(|run| run.data == Data::Exact);
        runs.filter_map(|run| run.outcome.as_ref().ok())
            .all(|outcome| outcome.tolerance.absolute == 0.0 && outcome.tolerance.relative == 0.0)
    }

    /// Outputs that were compared.
    pub(super) fn outputs(&self) -> usize {
        let runs = self.rows.iter().flat_map(|row| &row.runs);
        runs.filter_map(|run| run.outcome.as_ref().ok())
            .map(|outcome| outcome.comparison.elements)
            .sum()
    }
}

/// Runs that went wrong and are described one by one.
const SHOWN: usize = 10;

const COLUMNS: [(&str, Align); 7] = [
    ("M x N x K", Align::Left),
    ("group", Align::Right),
    ("variant", Align::Left),
    ("exact", Align::Right),
    ("random", Align::Right),
    ("allowed", Align::Right),
    ("verdict", Align::Left),
];

fn line(row: &Row, product: String) -> Vec<String> {
    let outcomes = |exact: bool| {
        let runs = row
            .runs
            .iter()
            .filter(move |run| (run.data == Data::Exact) == exact);
        runs.filter_map(|run| run.outcome.as_ref().ok())
    };
    let largest = |exact: bool| {
        let errors = outcomes(exact).map(|outcome| outcome.comparison.max_absolute);
        // `f64::max` would drop a NaN, which is the largest error of all.
        errors
            .reduce(|a, b| {
                if a.is_nan() || b.is_nan() {
                    f64::NAN
                } else {
                    a.max(b)
                }
            })
            .map_or("-".to_owned(), error)
    };
    let verdict = match &row.runs[..] {
        _ if row.agrees() => "ok",
        runs if runs.iter().all(|run| run.outcome.is_err()) => "NOT RUN",
        _ => "WRONG",
    };
    vec![
        product,
        row.shape.group_size.to_string(),
        row.kernel.variant.name.clone().into_owned(),
        largest(true),
        largest(false),
        outcomes(false)
            .next()
            .map_or("-".to_owned(), |outcome| tolerance(outcome.tolerance)),
        verdict.to_owned(),
    ]
}

/// What went wrong in a run, down to the first element.
fn complaint(row: &Row, run: &Run) -> String {
    let Row { shape, kernel, .. } = row;
    let place = format!(
        "{} at {shape}, {} data, {} buffers",
        kernel.variant.name,
        data(run.data),
        placement(run.placement)
    );
    let outcome = match &run.outcome {
        Err(reason) => return format!("{place}: not run: {reason}"),
        Ok(outcome) => outcome,
    };
    let mut faults: Vec<String> = first_wrong(&outcome.comparison).into_iter().collect();
    if outcome.stray_writes > 0 {
        faults.push(format!(
            "stray writes beside the output: {}",
            count(outcome.stray_writes)
        ));
    }
    format!("{place}: {}", faults.join("; "))
}

pub(super) fn data(data: Data) -> &'static str {
    match data {
        Data::Exact => "exact",
        Data::Random { .. } => "random",
    }
}

pub(super) fn placement(placement: Placement) -> &'static str {
    match placement {
        Placement::Aligned => "aligned",
        Placement::Unaligned => "unaligned",
    }
}

#[cfg(test)]
mod tests {
    use q4_kernel::{
        Shape, Tolerance,
        conformance::Outcome,
        reference::{Comparison, Difference},
        variant,
    };

    use super::*;
    use crate::commands::check::plan::Kernel;

    const NAME: &str = "coop4_w32_c1_g32_shared";

    fn outcome(errors: &[f64], stray_writes: usize) -> Outcome {
        let expected: Vec<f64> = vec![1.0; errors.len()];
        let got: Vec<f32> = errors.iter().map(|error| (1.0 + error) as f32).collect();
        let tolerance = Tolerance {
            absolute: 1e-4,
            relative: 1e-3,
            of_products: 0.0,
        };
        let comparison = q4_kernel::reference::compare(&expected, &got, 2, tolerance);
        Outcome {
            variant: NAME.to_owned(),
            tolerance,
            comparison,
            stray_writes,
        }
    }

    fn report(outcomes: [Result<Outcome, String>; 2]) -> Report {
        let [exact, random] = outcomes;
        let run = |data, outcome| Run {
            data,
            placement: Placement::Unaligned,
            outcome,
        };
        let row = Row {
            shape: Shape {
                m: 2,
                n: 2,
                k: 64,
                group_size: 32,
            },
            kernel: Kernel::only(variant(NAME).unwrap()),
            runs: vec![run(Data::Exact, exact), run(Data::Random { seed: 1 }, random)],
        };
        Report {
            adapter: AdapterSummary {
                name: "a GPU".to_owned(),
                kind: "discrete GPU",
                backend: "Vulkan",
                driver: String::new(),
            },
            variant: "all".to_owned(),
            bias: true,
            seed: 1,
            ok: row.agrees(),
            rows: vec![row],
            skipped: Vec::new(),
        }
    }

    fn text(report: &Report) -> String {
        let mut out = Vec::new();
        report.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_first_wrong_element_and_stray_writes_are_named() {
        let report = report([Ok(outcome(&[0.0; 4], 0)), Ok(outcome(&[0.0, 0.0, 0.5, 1.5], 3))]);
        let text = text(&report);
        let complaint = "coop4_w32_c1_g32_shared at M=2 N=2 K=64 group_size=32, random data, unaligned buffers: \
                         2 of 4 outputs are wrong, first y[1, 0]: expected 1, got 1.5; \
                         stray writes beside the output: 3\n";
        assert!(text.contains(complaint), "{text}");
        assert!(
            text.ends_with("\n1 of 1 rows DO NOT AGREE with float64.\n"),
            "{text}"
        );
        let json = serde_json::to_value(report.json()).unwrap();
        assert_eq!(json["ok"], false);
        assert_eq!(json["rows"][0]["runs"][1]["comparison"]["first_wrong"]["n"], 0);
        assert_eq!(json["rows"][0]["runs"][1]["stray_writes"], 3);
    }

    #[test]
    fn stray_writes_alone_are_a_mismatch() {
        let report = report([Ok(outcome(&[0.0; 4], 0)), Ok(outcome(&[0.0; 4], 1))]);
        assert!(!report.ok);
        assert!(text(&report).contains("unaligned buffers: stray writes beside the output: 1\n"));
    }

    #[test]
    fn nan_is_the_largest_error_there_is() {
        let mut bad = outcome(&[0.0; 4], 0);
        bad.comparison = Comparison {
            wrong: 1,
            first_wrong: Some(Difference {
                m: 0,
                n: 1,
                expected: 1.0,
                got: f32::NAN,
            }),
            max_absolute: f64::NAN,
            ..bad.comparison
        };
        let report = report([Ok(outcome(&[0.0; 4], 0)), Ok(bad)]);
        assert!(
            text(&report).contains("NaN  1e-4 / 0.1 %  WRONG"),
            "{}",
            text(&report)
        );
        let json = serde_json::to_value(report.json()).unwrap();
        assert!(json["rows"][0]["runs"][1]["comparison"]["max_absolute_error"].is_null());
    }

    #[test]
    fn a_kernel_that_did_not_run_says_why() {
        let error = || Err("the driver said no".to_owned());
        let report = report([error(), error()]);
        let text = text(&report);
        assert!(text.contains("NOT RUN"), "{text}");
        assert!(
            text.contains("exact data, unaligned buffers: not run: the driver said no\n"),
            "{text}"
        );
        let json = serde_json::to_value(report.json()).unwrap();
        assert_eq!(json["rows"][0]["runs"][0]["error"], "the driver said no");
        assert!(json["rows"][0]["runs"][0]["comparison"].is_null());
    }
}
