//! Remembers which template line every line of rendered text came from.
//!
//! Tera has no source map, so each template line is marked before Tera sees it: the mark, two characters of the private use
//! area around `file:line`, stands at the end of the line, survives rendering and is taken out again afterwards.
//!
//! Lines that hold nothing but a tag get another mark, which takes their line break along when it is taken out. Templates can so
//! be written without whitespace control, and lines and columns in Tera's own messages stay true.

use std::fmt;

const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';
/// At the end of a line that leaves nothing behind.
const SKIP: char = '\u{E002}';

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

/// Marks every line of `text`, the template with index `file`.
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
        marked.push_str(&unit);
        if lines.peek().is_none() {
            break;
        }
        if is_one_tag(&unit) {
            marked.push(SKIP);
        } else {
            marked.push_str(&format!("{OPEN}{file}:{start}{CLOSE}"));
        }
        marked.push('\n');
    }
    marked
}

fn is_one_tag(line: &str) -> bool {
    [("{%", "%}"), ("{#", "#}")].into_iter().any(|(open, close)| {
        let inside = line
            .trim()
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close));
        inside.is_some_and(|inside| !inside.contains(open) && !inside.contains(close))
    })
}

/// Takes the marks out of rendered text. Returns the lines, each with the template index and line of its last mark.
pub(super) fn unmark(rendered: &str) -> Vec<(String, Option<(usize, u32)>)> {
    let rendered = rendered.replace(&format!("{SKIP}\n"), "");
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
    // Here a line break is the message's own.
    let message = message.replace(SKIP, "");
    unmark(&message)
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
            "a\u{E000}3:1\u{E001}\n  {% if x %}\u{E002}\nb {{ y }}\u{E000}3:3\u{E001}\n  {% endif %}\u{E002}\n"
        );
        let lines: Vec<_> = unmark("a\u{E000}3:1\u{E001}\n  \u{E002}\nb\n")
            .into_iter()
            .map(|(line, _)| line)
            .collect();
        assert_eq!(lines, ["a", "  b", ""]);
    }

    #[test]
    fn a_comment_over_several_lines_is_one_unit_and_line_numbers_go_on() {
        let marked = mark(0, "{# one\n two #}\ntext\n");
        assert_eq!(marked, "{# one\n two #}\u{E002}\ntext\u{E000}0:3\u{E001}\n");
    }

    #[test]
    fn a_line_of_two_tags_is_text() {
        assert!(!is_one_tag("{% if a %}{% endif %}"));
        assert!(is_one_tag("  {% endif %} "));
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
