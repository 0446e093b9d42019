//! JSON on stdout.

use std::io::{self, Write};

use serde::Serialize;

/// Prints one value, indented, with a line break at the end.
pub(crate) fn print_json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    // In one piece: most values hold many small ones, and stdout writes line by line.
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    out.write_all(text.as_bytes())
}
