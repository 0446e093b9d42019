//! Remembers which template line every line of rendered text came from.
//!
//! Tera has no source map, so each template line is marked before Tera sees it: the mark, two characters of the private use
//! area around `file:line`, stands at the end of the line, survives rendering and is taken out again afterwards.
//!
//! The same pass keeps lines that hold nothing but tags out of the output: their line break is moved into the tag, which
//! leaves Tera's own line numbers as they were. Templates can so be written without whitespace control.

use std::fmt;

const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// A line of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TemplateLine {
    /// Path of the template below `templates/`.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

impl fmt::Display for TemplateLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "templates/{}:{}", self.file, self.line)
    }
}

/// Marks every line of `text`, the template with index `file`, and moves the line breaks of tag-only lines into their tags.
pub(super) fn mark(file: usize, text: &str) -> String {
    let mut marked = String::with_capacity(text.len() * 2);
    let mut number = 0;
    let mut lines = text.split('\n').peekable();
    while let Some(first) = lines.next() {
        number += 1;
        let start = number;
        // A comment may span lines; it is one unit.
        let mut unit = first.to_owned();
        if first.trim_start().starts_with("{#") {
            while !unit.contains("#}") {
                let Some(next) = lines.next() else { break };
                number += 1;
                unit.push('\n');
                unit.push_str(next);
            }
        }
        let last = lines.peek().is_none();
        match split_closing_delimiter(&unit) {
            Some((head, delimiter)) => {
                marked.push_str(head.trim_start());
                if !last {
                    marked.push('\n');
                }
                marked.push_str(delimiter);
            }
            None => {
                marked.push_str(&unit);
                if !last {
                    marked.push_str(&format!("{OPEN}{file}:{start}{CLOSE}\n"));
                }
            }
        }
    }
    marked
}

/// Splits a line that is one tag or one comment before its closing delimiter.
fn split_closing_delimiter(line: &str) -> Option<(&str, &str)> {
    let trimmed = line.trim_end();
    let body = trimmed.trim_start();
    [("{%", "%}"), ("{#", "#}")]
        .into_iter()
        .find_map(|(open, close)| {
            let inside = body.strip_prefix(open)?.strip_suffix(close)?;
            let one_tag = !inside.contains(open) && !inside.contains(close);
            one_tag.then(|| trimmed.split_at(trimmed.len() - close.len()))
        })
}

/// Takes the marks out of rendered text. Returns the lines, each with the template index and line of its last mark.
pub(super) fn unmark(rendered: &str) -> Vec<(String, Option<(usize, u32)>)> {
    rendered
        .split('\n')
        .map(|line| {
            let mut text = String::with_capacity(line.len());
            let mut origin = None;
            let mut pieces = line.split(OPEN);
            text.push_str(pieces.next().unwrap_or_default());
            for piece in pieces {
                let Some((mark, rest)) = piece.split_once(CLOSE) else {
                    continue;
                };
                origin = mark
                    .split_once(':')
                    .and_then(|(file, line)| Some((file.parse().ok()?, line.parse().ok()?)))
                    .or(origin);
                text.push_str(rest);
            }
            (text, origin)
        })
        .collect()
}

/// Takes the marks out of a message of Tera's, which quotes template lines.
pub(super) fn without_marks(message: &str) -> String {
    unmark(message)
        .into_iter()
        .map(|(line, _)| line)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_lines_are_marked_and_tag_lines_leave_no_line() {
        let marked = mark(3, "a\n  {% if x %}\nb {{ y }}\n  {% endif %}\n");
        assert_eq!(
            marked,
            "a\u{E000}3:1\u{E001}\n{% if x \n%}b {{ y }}\u{E000}3:3\u{E001}\n{% endif \n%}"
        );
    }

    #[test]
    fn a_comment_over_several_lines_is_one_unit_and_line_numbers_go_on() {
        let marked = mark(0, "{# one\n two #}\ntext\n");
        assert_eq!(marked, "{# one\n two \n#}text\u{E000}0:3\u{E001}\n");
    }

    #[test]
    fn a_line_of_two_tags_is_text() {
        assert_eq!(split_closing_delimiter("{% if a %}{% endif %}"), None);
    }

    #[test]
    fn unmarking_returns_the_text_and_the_last_origin_of_each_line() {
        let lines = unmark("a\u{E000}0:1\u{E001}b\u{E000}2:7\u{E001}\nplain");
        assert_eq!(
            lines,
            [("ab".to_owned(), Some((2, 7))), ("plain".to_owned(), None)]
        );
    }
}
