//! Where in the WGSL text something stands.

use std::fmt;

/// A place in the WGSL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Location {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in bytes, counted from 1, as naga counts it.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The start of every line of a text, to turn spans into locations.
///
/// `naga::Span::location` panics when the span lies outside of the text, which happens as soon as somebody
/// passes another text than the one that was parsed; this one answers `None`.
#[derive(Clone, Debug)]
pub(crate) struct LineIndex {
    starts: Vec<u32>,
    length: u32,
}

impl LineIndex {
    pub(crate) fn new(source: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(
            source
                .bytes()
                .enumerate()
                .filter(|&(_, byte)| byte == b'\n')
                .map(|(i, _)| i as u32 + 1),
        );
        Self {
            starts,
            length: source.len() as u32,
        }
    }

    pub(crate) fn location(&self, span: naga::Span) -> Option<Location> {
        let start = u32::try_from(span.to_range()?.start).ok()?;
        if start > self.length {
            return None;
        }
        let line = self.starts.partition_point(|&line_start| line_start <= start);
        let line_start = self.starts.get(line.checked_sub(1)?)?;
        Some(Location {
            line: line as u32,
            column: start - line_start + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_become_lines_and_columns_counted_from_one() {
        let index = LineIndex::new("ab\ncd\n\nx");
        let at = |start: u32| {
            index
                .location(naga::Span::new(start, start + 1))
                .map(|l| (l.line, l.column))
        };
        assert_eq!(at(1), Some((1, 2)));
        assert_eq!(at(3), Some((2, 1)));
        assert_eq!(at(4), Some((2, 2)));
        assert_eq!(at(7), Some((4, 1)));
    }

    #[test]
    fn a_span_outside_of_the_text_has_no_location() {
        assert_eq!(LineIndex::new("ab").location(naga::Span::new(9, 10)), None);
        assert_eq!(LineIndex::new("ab").location(naga::Span::UNDEFINED), None);
    }
}
