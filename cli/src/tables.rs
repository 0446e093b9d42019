//! The measurements that routing follows on an adapter, as commands tell of them.

use q4_kernel::{
    Tuning, TuningSource,
    tuning::{InForce, Refused},
    wgpu::AdapterInfo,
};
use serde::Serialize;

use crate::output::count;

/// The measurements that routing follows on an adapter.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct TuningTables {
    /// Where `q4 tune` writes.
    file: Option<String>,
    /// In force, the first one first.
    tables: Vec<TuningTable>,
    refused: Vec<RefusedTable>,
}

/// A table in force.
#[derive(Debug, PartialEq, Serialize)]
struct TuningTable {
    origin: String,
    driver: String,
    entries: usize,
}

/// A table that is not used.
#[derive(Debug, PartialEq, Serialize)]
struct RefusedTable {
    origin: String,
    reason: String,
}

impl TuningTables {
    /// Those of an adapter where nobody names others.
    pub(crate) fn of(info: &AdapterInfo) -> Self {
        let tuning = Tuning::load(&TuningSource::Default, info);
        let table = |InForce { table, origin }: &InForce| TuningTable {
            origin: origin.to_string(),
            driver: table.driver().to_owned(),
            entries: table.entries().len(),
        };
        let refused = |Refused { origin, reason }: &Refused| RefusedTable {
            origin: origin.to_string(),
            reason: reason.to_string(),
        };
        Self {
            file: TuningSource::Default
                .file(info)
                .map(|file| file.display().to_string()),
            tables: tuning.tables().iter().map(table).collect(),
            refused: tuning.refused().iter().map(refused).collect(),
        }
    }

    /// A line for each table, and one where there is none.
    pub(crate) fn lines(&self) -> Vec<String> {
        let tables = self.tables.iter().map(
            |TuningTable {
                 origin,
                 driver,
                 entries,
             }| format!("{origin}: {} entries, measured with {driver}", count(*entries)),
        );
        let refused = self
            .refused
            .iter()
            .map(|RefusedTable { origin, reason }| format!("{origin} is refused: {reason}"));
        let mut lines: Vec<String> = tables.chain(refused).collect();
        if self.tables.is_empty() {
            lines.push(match &self.file {
                Some(file) => format!("none, so the built-in order decides; `q4 tune` writes {file}"),
                None => "off, so the built-in order decides".to_owned(),
            });
        }
        lines
    }
}
