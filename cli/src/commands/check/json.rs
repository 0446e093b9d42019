//! What `q4 check` prints for programs.

use q4_kernel::NumericClass;
use serde::Serialize;

use super::{
    report::{Report, data, placement},
    runs::{Row, Run},
};
use crate::{adapter::AdapterSummary, output::ComparisonJson, serving::Skipped};

#[derive(Serialize)]
pub(super) struct ReportJson<'a> {
    adapter: &'a AdapterSummary,
    variant: &'a str,
    bias: bool,
    seed: u64,
    rows: Vec<RowJson<'a>>,
    skipped: &'a [Skipped],
    outputs: usize,
    ok: bool,
}

#[derive(Serialize)]
struct RowJson<'a> {
    m: u32,
    n: u32,
    k: u32,
    group_size: u32,
    variant: &'a str,
    numeric: NumericClass,
    runs: Vec<RunJson<'a>>,
    ok: bool,
}

#[derive(Serialize)]
struct RunJson<'a> {
    data: &'static str,
    placement: &'static str,
    comparison: Option<ComparisonJson>,
    stray_writes: Option<usize>,
    error: Option<&'a str>,
    ok: bool,
}

impl Report {
    /// The report as JSON. `README.md` describes the fields.
    pub(super) fn json(&self) -> ReportJson<'_> {
        ReportJson {
            adapter: &self.adapter,
            variant: &self.variant,
            bias: self.bias,
            seed: self.seed,
            rows: self.rows.iter().map(RowJson::new).collect(),
            skipped: &self.skipped,
            outputs: self.outputs(),
            ok: self.ok,
        }
    }
}

impl<'a> RowJson<'a> {
    fn new(row: &'a Row) -> Self {
        Self {
            m: row.shape.m,
            n: row.shape.n,
            k: row.shape.k,
            group_size: row.shape.group_size,
            variant: &row.kernel.variant.name,
            numeric: row.kernel.variant.configuration.numeric,
            runs: row.runs.iter().map(RunJson::new).collect(),
            ok: row.agrees(),
        }
    }
}

impl<'a> RunJson<'a> {
    fn new(run: &'a Run) -> Self {
        let outcome = run.outcome.as_ref().ok();
        Self {
            data: data(run.data),
            placement: placement(run.placement),
            comparison: outcome.map(|outcome| ComparisonJson::new(&outcome.comparison, outcome.tolerance)),
            stray_writes: outcome.map(|outcome| outcome.stray_writes),
            error: run.outcome.as_ref().err().map(String::as_str),
            ok: run.agrees(),
        }
    }
}
