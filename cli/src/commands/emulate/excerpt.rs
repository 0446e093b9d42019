//! The line of a text that something is about, with a caret.

use q4_kernel_emulator::Location;

/// Columns of a terminal that a line may take.
const MOST_WIDTH: usize = 110;
/// What is kept before the caret of a line that is too long.
const BEFORE: usize = 60;

/// The line without its indentation, and a caret below the place; both after `margin`. `None` if the text has no such line.
pub(super) fn excerpt(text: &str, location: Location, margin: &str) -> Option<String> {
    let line = text.lines().nth(location.line.checked_sub(1)? as usize)?;
    // Columns count bytes.
    let before = line.get(..location.column.checked_sub(1)? as usize)?;
    let indentation = line.chars().count() - line.trim_start().chars().count();
    let caret = before.chars().count().checked_sub(indentation)?;
    // A tab has no width that a caret could rely on.
    let line: Vec<char> = line
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let room = MOST_WIDTH - margin.len();
    let first = if caret < room { 0 } else { caret - BEFORE };
    let shown: String = line.get(first..)?.iter().take(room).collect();
    let shown = shown.trim_end();
    Some(format!(
        "{margin}{shown}\n{margin}{}^\n",
        " ".repeat(caret - first)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, line: u32, column: u32) -> Option<String> {
        excerpt(text, Location { line, column }, "  ")
    }

    #[test]
    fn the_caret_stands_below_the_column() {
        let text = "one\n\t\tlet é = tile[1];\r\n";
        assert_eq!(
            at(text, 2, 12),
            Some("  let é = tile[1];\n          ^\n".to_owned())
        );
        assert_eq!(at(text, 1, 1), Some("  one\n  ^\n".to_owned()));
        assert_eq!(at(text, 1, 4), Some("  one\n     ^\n".to_owned()));
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_around_the_place() {
        let text = format!("{}x{}", "a".repeat(200), "b".repeat(200));
        let expected = format!("  {}x{}\n  {}^\n", "a".repeat(60), "b".repeat(47), " ".repeat(60));
        assert_eq!(at(&text, 1, 201), Some(expected));
        assert_eq!(at(&text, 1, 1), Some(format!("  {}\n  ^\n", "a".repeat(108))));
    }

    #[test]
    fn a_place_outside_of_the_text_has_no_excerpt() {
        for (line, column) in [(0, 1), (1, 0), (2, 1), (1, 9), (1, 2)] {
            assert_eq!(at("é", line, column), None, "{line}:{column}");
        }
    }
}
