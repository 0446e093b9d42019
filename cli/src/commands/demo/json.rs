//! What `q4 demo` prints for programs.

use std::borrow::Cow;

use q4_kernel::{NumericClass, Routing};
use serde::Serialize;

use super::{
    layers::{Contract, PASSES, Row},
    report::Report,
};
use crate::{adapter::AdapterSummary, data::DemoLayer, measure::Clock, output::ComparisonJson};

#[derive(Serialize)]
pub(super) struct ReportJson<'a> {
    adapter: &'a AdapterSummary,
    timing: TimingJson,
    model: String,
    layers: Vec<LayerJson>,
    contract: &'a [Contract],
    rows: Vec<RowJson<'a>>,
    notes: Vec<String>,
    ok: bool,
}

#[derive(Serialize)]
struct TimingJson {
    method: Clock,
    passes: usize,
}

#[derive(Serialize)]
struct LayerJson {
    name: Cow<'static, str>,
    meaning: Cow<'static, str>,
    n: u32,
    k: u32,
    group_size: u32,
    bias: bool,
    quantised: Cow<'static, str>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    layer: Cow<'static, str>,
    m: u32,
    n: u32,
    k: u32,
    group_size: u32,
    variant: &'a str,
    numeric: NumericClass,
    seconds: f64,
    repetitions: u32,
    bytes: u64,
    gigabytes_per_second: f64,
    comparison: ComparisonJson,
    routing: &'a Routing,
    ok: bool,
}

impl Report<'_> {
    /// The report as JSON. `README.md` describes the fields.
    pub(super) fn json(&self) -> ReportJson<'_> {
        let layer = |layer: &DemoLayer| {
            let shape = layer.layer.shape();
            LayerJson {
                name: layer.name.clone(),
                meaning: layer.meaning.clone(),
                n: shape.n,
                k: shape.k,
                group_size: shape.group_size,
                bias: layer.layer.bias().is_some(),
                quantised: layer.quantised.clone(),
            }
        };
        let row = |row| RowJson::new(self, row);
        ReportJson {
            adapter: &self.adapter,
            timing: TimingJson {
                method: self.clock,
                passes: PASSES,
            },
            model: self.model.clone(),
            layers: self.layers.iter().map(layer).collect(),
            contract: &self.contract,
            rows: self.rows.iter().map(row).collect(),
            notes: self.notes().iter().map(|note| note.replace('\n', " ")).collect(),
            ok: self.ok,
        }
    }
}

impl<'a> RowJson<'a> {
    fn new(report: &Report<'_>, row: &'a Row) -> Self {
        Self {
            layer: row.layer.clone(),
            m: row.shape.m,
            n: row.shape.n,
            k: row.shape.k,
            group_size: row.shape.group_size,
            variant: &row.variant,
            numeric: row.numeric,
            seconds: report.seconds(row),
            repetitions: row.times.repetitions,
            bytes: row.bytes,
            gigabytes_per_second: report.gigabytes_per_second(row),
            comparison: ComparisonJson::new(&row.comparison, row.tolerance),
            routing: &row.routing,
            ok: row.agrees(),
        }
    }
}
