//! How things are printed and kept: tables, JSON, CSV, drawings, numbers, progress, files.

mod comparison;
mod csv;
mod file;
mod folder;
mod json;
mod progress;
mod svg;
mod table;
mod units;

pub(crate) use comparison::{ComparisonJson, first_wrong};
pub(crate) use csv::csv_line;
pub(crate) use file::NewFile;
pub(crate) use folder::{Folder, FolderError};
pub(crate) use json::print_json;
pub(crate) use progress::Progress;
pub(crate) use svg::{Anchor, Marker, Stroke, Svg};
pub(crate) use table::{Align, aligned_products, indented, table, wrapped};
pub(crate) use units::{count, counted, duration, error, inexact, size, tolerance};
