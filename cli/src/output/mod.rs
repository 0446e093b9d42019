//! How things are printed: tables, JSON, numbers.

mod json;
mod table;
mod units;

pub(crate) use json::print_json;
pub(crate) use table::{Align, table};
pub(crate) use units::{count, size};
