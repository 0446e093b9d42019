//! What `q4 bench` prints for spreadsheets.

use std::io::{self, Write};

use super::report::Report;
use crate::output::csv_line;

/// The header. Seconds are medians.
const COLUMNS: [&str; 19] = [
    "adapter",
    "clock",
    "m",
    "n",
    "k",
    "group_size",
    "variant",
    "roles",
    "numeric",
    "seconds",
    "lower_quartile",
    "upper_quartile",
    "gigabytes_per_second",
    "read_bandwidth_share",
    "teraflops_per_second",
    "speedup",
    "error_relative_to_rms",
    "ok",
    "error",
];

impl Report {
    /// Prints a header and a line for each row; what was not measured stays empty.
    pub(super) fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "{}", csv_line(COLUMNS))?;
        for row in &self.rows {
            let figures = self.figures(row);
            let measured = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
            let number = |of: fn(&super::report::Figures) -> f64| {
                measured(figures.as_ref().map(|(figures, _)| of(figures)))
            };
            let cells = [
                self.conditions.adapter.name.clone(),
                self.conditions.clock.word().to_owned(),
                row.shape.m.to_string(),
                row.shape.n.to_string(),
                row.shape.k.to_string(),
                row.shape.group_size.to_string(),
                row.kernel.variant.name.clone().into_owned(),
                row.kernel.roles.join(" "),
                row.kernel.variant.configuration.numeric.to_string(),
                number(|figures| figures.seconds.median),
                number(|figures| figures.seconds.lower_quartile),
                number(|figures| figures.seconds.upper_quartile),
                number(|figures| figures.gigabytes_per_second),
                number(|figures| figures.read_bandwidth_share),
                number(|figures| figures.teraflops_per_second),
                measured(figures.as_ref().and_then(|(figures, _)| figures.speedup)),
                measured(
                    figures
                        .as_ref()
                        .map(|(_, outcome)| outcome.accuracy.relative_to_rms),
                ),
                row.is_good().to_string(),
                row.outcome.as_ref().err().cloned().unwrap_or_default(),
            ];
            write!(out, "{}", csv_line(&cells))?;
        }
        Ok(())
    }
}
