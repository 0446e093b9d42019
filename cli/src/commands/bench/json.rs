//! What `q4 bench` prints for programs.

use q4_kernel::{Feature, NumericClass};
use serde::Serialize;

use super::{
    conditions::{BandwidthJson, MethodJson},
    report::Report,
    runs::Row,
};
use crate::{adapter::AdapterSummary, measure::Spread, output::ComparisonJson, serving::Skipped};

#[derive(Serialize)]
pub(super) struct ReportJson<'a> {
    adapter: &'a AdapterSummary,
    without: &'a [Feature],
    method: MethodJson,
    read_bandwidth: BandwidthJson,
    rotation_bytes: u64,
    baseline: &'a str,
    rows: Vec<RowJson<'a>>,
    skipped: &'a [Skipped],
    notes: Vec<String>,
    ok: bool,
}

#[derive(Serialize)]
struct RowJson<'a> {
    m: u32,
    n: u32,
    k: u32,
    group_size: u32,
    variant: &'a str,
    roles: &'a [String],
    baseline: bool,
    numeric: NumericClass,
    measured: Option<MeasuredJson>,
    error: Option<&'a str>,
    ok: bool,
}

#[derive(Serialize)]
struct MeasuredJson {
    seconds: Spread,
    passes: usize,
    repetitions: u32,
    clock_share: Option<f64>,
    copies: usize,
    rotation_bytes: u64,
    bytes: u64,
    gigabytes_per_second: f64,
    read_bandwidth_share: f64,
    teraflops_per_second: f64,
    speedup: Option<f64>,
    comparison: ComparisonJson,
    error_relative_to_rms: f64,
    checked: bool,
}

impl Report {
    /// The report as JSON. `README.md` describes the fields.
    pub(super) fn json(&self) -> ReportJson<'_> {
        ReportJson {
            adapter: &self.conditions.adapter,
            without: &self.conditions.without,
            method: self.conditions.method_json(),
            read_bandwidth: self.conditions.bandwidth_json(),
            rotation_bytes: self.rotation_bytes,
            baseline: &self.baseline.word,
            rows: self.rows.iter().map(|row| RowJson::new(self, row)).collect(),
            skipped: &self.skipped,
            notes: self.notes(),
            ok: self.ok,
        }
    }
}

impl<'a> RowJson<'a> {
    fn new(report: &Report, row: &'a Row) -> Self {
        let measured = report.figures(row).map(|(figures, outcome)| MeasuredJson {
            seconds: figures.seconds,
            passes: outcome.times.passes(),
            repetitions: outcome.times.repetitions,
            clock_share: report.conditions.full_clock.share(&outcome.times),
            copies: outcome.copies,
            rotation_bytes: outcome.rotation_bytes,
            bytes: outcome.bytes,
            gigabytes_per_second: figures.gigabytes_per_second,
            read_bandwidth_share: figures.read_bandwidth_share,
            teraflops_per_second: figures.teraflops_per_second,
            speedup: figures.speedup,
            comparison: ComparisonJson::new(&outcome.accuracy.comparison, outcome.accuracy.tolerance),
            error_relative_to_rms: outcome.accuracy.relative_to_rms,
            checked: outcome.checked,
        });
        Self {
            m: row.shape.m,
            n: row.shape.n,
            k: row.shape.k,
            group_size: row.shape.group_size,
            variant: &row.kernel.variant.name,
            roles: &row.kernel.roles,
            baseline: row.kernel.is_baseline,
            numeric: row.kernel.variant.configuration.numeric,
            measured,
            error: row.outcome.as_ref().err().map(String::as_str),
            ok: row.is_good(),
        }
    }
}
