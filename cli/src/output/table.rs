//! The one style of tables: columns two spaces apart, a line under the header, nothing else.

use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

/// To which side the cells of a column lean.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none());

/// A table, one line a row. Ends with a line break.
pub(crate) fn table(columns: &[(&str, Align)], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|(name, _)| Cell::new(name)));
    table.add_rows(rows);
    let last = columns.len().saturating_sub(1);
    for (index, ((_, align), column)) in columns.iter().zip(table.column_iter_mut()).enumerate() {
        // A space stands between columns already.
        column.set_padding((0, u16::from(index < last)));
        column.set_cell_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}

/// `M x N x K` for each, with each factor right-aligned among its own.
pub(crate) fn aligned_products<const FACTORS: usize>(products: &[[u32; FACTORS]]) -> Vec<String> {
    let mut widths = [0; FACTORS];
    for product in products {
        for (width, factor) in widths.iter_mut().zip(product) {
            *width = (*width).max(factor.to_string().len());
        }
    }
    let text = |product: &[u32; FACTORS]| {
        let factors = product
            .iter()
            .zip(widths)
            .map(|(factor, width)| format!("{factor:>width$}"));
        factors.collect::<Vec<_>>().join(" x ")
    };
    products.iter().map(text).collect()
}

/// `text` with `margin` before its first line, and as much room before the others.
pub(crate) fn indented(margin: &str, text: &str) -> String {
    let room = " ".repeat(margin.chars().count());
    let lines = text.lines().enumerate();
    let mut indented: Vec<String> = lines
        .map(|(index, line)| {
            format!("{}{line}", if index == 0 { margin } else { &room })
                .trim_end()
                .to_owned()
        })
        .collect();
    indented.push(String::new());
    indented.join("\n")
}

/// Columns that prose is wrapped to.
const PROSE_WIDTH: usize = 96;

/// A paragraph in lines of readable length.
pub(crate) fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines.last().is_some_and(|line| {
            !line.is_empty() && line.chars().count() + 1 + word.chars().count() > PROSE_WIDTH
        });
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lean_left_numbers_right_and_no_line_ends_in_spaces() {
        let rows = [["decode", "8.1 µs", "ok"], ["b", "12 µs", "WRONG"]];
        let text = table(
            &[
                ("layer", Align::Left),
                ("time", Align::Right),
                ("verdict", Align::Left),
            ],
            rows.map(|row| row.map(str::to_owned).to_vec()),
        );
        let expected = "\
layer     time  verdict
───────────────────────
decode  8.1 µs  ok
b        12 µs  WRONG
";
        assert_eq!(text, expected);
    }

    #[test]
    fn factors_stand_below_each_other() {
        assert_eq!(
            aligned_products(&[[1, 384, 1536], [128, 64, 384]]),
            ["  1 x 384 x 1536", "128 x  64 x  384"]
        );
    }

    #[test]
    fn prose_breaks_between_words_and_keeps_them_all() {
        let text = "word ".repeat(50);
        let lines = wrapped(&text);
        assert!(
            lines
                .lines()
                .all(|line| line.len() <= PROSE_WIDTH && !line.ends_with(' ')),
            "{lines}"
        );
        assert_eq!(lines.split_whitespace().count(), 50);
        assert_eq!(wrapped(""), "\n");
    }

    #[test]
    fn all_lines_are_indented_as_far_as_the_first() {
        assert_eq!(indented("up  ", "M=1\n  why\n"), "up  M=1\n      why\n");
        assert_eq!(indented("- ", ""), "");
    }
}
