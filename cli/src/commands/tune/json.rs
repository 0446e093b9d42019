//! What `q4 tune` prints for programs.

use q4_kernel::{NumericClass, ScaleFormat, ScaleOrder, Shape};
use serde::Serialize;

use super::{
    report::{Chosen, Written},
    runs::Failed,
};
use crate::{adapter::AdapterSummary, measure::Clock, serving::Skipped};

#[derive(Serialize)]
pub(super) struct ReportJson<'a> {
    adapter: &'a AdapterSummary,
    file: String,
    clock: Clock,
    clock_note: Option<&'a str>,
    seconds: f64,
    entries: Vec<EntryJson<'a>>,
    entries_kept: usize,
    failed: &'a [Failed],
    unmeasured: &'a [Shape],
    skipped: &'a [Skipped],
    ok: bool,
}

#[derive(Serialize)]
struct EntryJson<'a> {
    m: u32,
    n: u32,
    k: u32,
    group_size: u32,
    numeric: NumericClass,
    scales: ScaleFormat,
    order: ScaleOrder,
    candidates: Vec<CandidateJson<'a>>,
    built_in: Option<&'a Chosen>,
}

#[derive(Serialize)]
struct CandidateJson<'a> {
    kind: &'a str,
    seconds: f64,
}

impl Written {
    /// The report as JSON. `README.md` describes the fields.
    pub(super) fn json(&self) -> ReportJson<'_> {
        let report = &self.report;
        let entries = report
            .entries
            .iter()
            .zip(&report.chosen)
            .map(|(entry, chosen)| EntryJson {
                m: entry.shape.m,
                n: entry.shape.n,
                k: entry.shape.k,
                group_size: entry.shape.group_size,
                numeric: entry.numeric,
                scales: entry.scales.format,
                order: entry.scales.order,
                candidates: entry
                    .candidates
                    .iter()
                    .map(|measured| CandidateJson {
                        kind: &measured.kind,
                        seconds: measured.nanoseconds as f64 / 1e9,
                    })
                    .collect(),
                built_in: chosen.as_ref(),
            });
        ReportJson {
            adapter: &report.adapter,
            file: self.path.display().to_string(),
            clock: report.results.clock,
            clock_note: report.results.clock_note.as_deref(),
            seconds: report.seconds,
            entries: entries.collect(),
            entries_kept: report.kept,
            failed: &report.results.failed,
            unmeasured: &report.results.unmeasured,
            skipped: &report.skipped,
            ok: report.is_good(),
        }
    }
}
