//! Outputs against the reference, for people and for programs.

use q4_kernel::{
    Tolerance,
    reference::{Comparison, Difference},
};
use serde::Serialize;

use super::count;

/// How many outputs are wrong, and the first of them; `None` if none is.
pub(crate) fn first_wrong(comparison: &Comparison) -> Option<String> {
    let Difference { m, n, expected, got } = comparison.first_wrong?;
    let [wrong, elements] = [comparison.wrong, comparison.elements].map(count);
    Some(format!(
        "{wrong} of {elements} outputs are wrong, first y[{m}, {n}]: expected {expected}, got {got}"
    ))
}

/// A comparison as JSON; a value that is not finite becomes `null`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ComparisonJson {
    elements: usize,
    wrong: usize,
    first_wrong: Option<Difference>,
    max_absolute_error: f64,
    max_relative_to_peak: f64,
    tolerance: Tolerance,
}

impl ComparisonJson {
    pub(crate) fn new(comparison: &Comparison, tolerance: Tolerance) -> Self {
        let Comparison {
            elements,
            wrong,
            first_wrong,
            max_absolute,
            max_relative_to_peak,
        } = *comparison;
        Self {
            elements,
            wrong,
            first_wrong,
            max_absolute_error: max_absolute,
            max_relative_to_peak,
            tolerance,
        }
    }
}
