//! What `q4 bench --model` prints for programs.

use std::collections::BTreeMap;

use q4_kernel::{Feature, NumericClass};
use serde::Serialize;

use super::{
    report::ModelReport,
    runs::{Outcome, Phase, Row},
    stack::Checked,
};
use crate::{
    adapter::AdapterSummary,
    commands::bench::conditions::{BandwidthJson, MethodJson},
    measure::Spread,
    output::ComparisonJson,
};

#[derive(Serialize)]
pub(super) struct ReportJson<'a> {
    adapter: &'a AdapterSummary,
    without: &'a [Feature],
    method: MethodJson,
    read_bandwidth: BandwidthJson,
    model: ModelJson,
    stacks: Vec<StackJson<'a>>,
    notes: Vec<String>,
    ok: bool,
}

#[derive(Serialize)]
struct ModelJson {
    name: &'static str,
    layers: u32,
    matrices: usize,
    weights: u64,
    prompt: u32,
}

#[derive(Serialize)]
struct StackJson<'a> {
    kernels: &'a str,
    group_size: u32,
    phase: Phase,
    tokens: u32,
    measured: Option<MeasuredJson<'a>>,
    unserved: Option<&'a str>,
    error: Option<&'a str>,
    ok: bool,
}

#[derive(Serialize)]
struct MeasuredJson<'a> {
    seconds: Spread,
    passes: usize,
    repetitions: u32,
    clock_share: Option<f64>,
    dispatches: usize,
    bytes: u64,
    tokens_per_second: f64,
    gigabytes_per_second: f64,
    read_bandwidth_share: f64,
    teraflops_per_second: f64,
    speedups: BTreeMap<&'static str, Option<f64>>,
    error_relative_to_rms: f64,
    matrices: Vec<MatrixJson<'a>>,
}

#[derive(Serialize)]
struct MatrixJson<'a> {
    names: &'a [&'static str],
    m: u32,
    n: u32,
    k: u32,
    variant: &'a str,
    numeric: NumericClass,
    comparison: ComparisonJson,
    error_relative_to_rms: f64,
}

impl ModelReport {
    /// The report as JSON. `README.md` describes the fields.
    pub(super) fn json(&self) -> ReportJson<'_> {
        ReportJson {
            adapter: &self.conditions.adapter,
            without: &self.conditions.without,
            method: self.conditions.method_json(),
            read_bandwidth: self.conditions.bandwidth_json(),
            model: ModelJson {
                name: self.architecture.name,
                layers: self.architecture.layers,
                matrices: self.matrices(),
                weights: self.weights(),
                prompt: self.prompt,
            },
            stacks: self.rows.iter().map(|row| StackJson::new(self, row)).collect(),
            notes: self.notes(),
            ok: self.ok,
        }
    }
}

impl<'a> StackJson<'a> {
    fn new(report: &ModelReport, row: &'a Row) -> Self {
        let measured = row
            .measured()
            .zip(report.figures(row))
            .map(|(measured, figures)| MeasuredJson {
                seconds: figures.seconds,
                passes: measured.times.passes(),
                repetitions: measured.times.repetitions,
                clock_share: report.conditions.full_clock.share(&measured.times),
                dispatches: measured.dispatches,
                bytes: measured.bytes,
                tokens_per_second: figures.tokens_per_second,
                gigabytes_per_second: figures.gigabytes_per_second,
                read_bandwidth_share: figures.read_bandwidth_share,
                teraflops_per_second: figures.teraflops_per_second,
                speedups: report.baselines.into_iter().zip(figures.speedups).collect(),
                error_relative_to_rms: figures.error_relative_to_rms,
                matrices: measured.checked.iter().map(MatrixJson::new).collect(),
            });
        let (unserved, error) = match &row.outcome {
            Outcome::Measured(_) => (None, None),
            Outcome::Unserved(reason) => (Some(reason.as_str()), None),
            Outcome::Failed(reason) => (None, Some(reason.as_str())),
        };
        Self {
            kernels: &row.kernels,
            group_size: row.group_size,
            phase: row.phase,
            tokens: row.tokens,
            measured,
            unserved,
            error,
            ok: row.is_good(),
        }
    }
}

impl<'a> MatrixJson<'a> {
    fn new(checked: &'a Checked) -> Self {
        Self {
            names: &checked.names,
            m: checked.shape.m,
            n: checked.shape.n,
            k: checked.shape.k,
            variant: &checked.variant.name,
            numeric: checked.variant.configuration.numeric,
            comparison: ComparisonJson::new(&checked.accuracy.comparison, checked.accuracy.tolerance),
            error_relative_to_rms: checked.accuracy.relative_to_rms,
        }
    }
}
