//! Lines of comma-separated values, as RFC 4180 has them.

/// One line, with its end. Cells that hold a comma, a quote or the end of a line are quoted.
pub(crate) fn csv_line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| quoted(cell.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_commas_quotes_and_breaks_come_back_whole() {
        assert_eq!(
            csv_line(["a", "b, c", "the \"d\"", "e\nf", ""]),
            "a,\"b, c\",\"the \"\"d\"\"\",\"e\nf\",\r\n"
        );
    }
}
