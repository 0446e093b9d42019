//! How things are printed: tables, JSON, numbers, progress.

mod comparison;
mod csv;
mod json;
mod progress;
mod table;
mod units;

pub(crate) use comparison::{ComparisonJson, first_wrong};
pub(crate) use csv::csv_line;
pub(crate) use json::print_json;
pub(crate) use progress::Progress;
pub(crate) use table::{Align, aligned_products, indented, table, wrapped};
pub(crate) use units::{count, duration, error, inexact, size, tolerance};
