//! What all who write, read and follow tables of measurements agree on: the runtime, and modules for browsers.

use core::fmt;

/// Counts up when the text of a table, the [ranges of rows](RowRange) or the kernels change so much that what was measured before would mislead.
pub const VERSION: u32 = 1;

/// N and K of an entry may differ from those asked for by this factor, both taken together: a layer twice as wide and half as deep is as far away as
/// one that is four times as wide. Beyond, waves and caches fill differently, and an order measured there says little.
pub const FARTHEST: u32 = 4;

/// Numbers of rows among which the same candidates are expected to be fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RowRange {
    /// The fewest rows.
    pub first: u32,
    /// The most rows.
    pub last: u32,
}

impl RowRange {
    /// Every range, in order and without gaps: they double where kernels are made for so many rows, and widen where tiles are filled.
    pub const ALL: [Self; 8] = [
        Self { first: 1, last: 1 },
        Self { first: 2, last: 2 },
        Self { first: 3, last: 4 },
        Self { first: 5, last: 8 },
        Self { first: 9, last: 16 },
        Self { first: 17, last: 64 },
        Self { first: 65, last: 256 },
        Self::MANY,
    ];

    /// More rows than all others have.
    const MANY: Self = Self {
        first: 257,
        last: u32::MAX,
    };

    /// Rows that stand for a range without end: a prompt of usual length.
    const MANY_ROWS: u32 = 512;

    /// The range of a number of rows.
    #[must_use]
    pub fn of(rows: u32) -> Self {
        Self::ALL
            .into_iter()
            .find(|range| rows <= range.last)
            .unwrap_or(Self::MANY)
    }

    /// The rows at which the range is measured: the most it has, because a kernel that serves so many serves fewer too.
    #[must_use]
    pub fn representative(self) -> u32 {
        self.last.min(Self::MANY_ROWS)
    }

    /// Whether a number of rows is in the range.
    #[must_use]
    pub fn contains(self, rows: u32) -> bool {
        (self.first..=self.last).contains(&rows)
    }
}

impl fmt::Display for RowRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self { first, last } if first == last => write!(f, "{first}"),
            Self {
                first,
                last: u32::MAX,
            } => write!(f, "{first}.."),
            Self { first, last } => write!(f, "{first}..{last}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_rows_is_in_one_range() {
        let mut next = 1;
        for range in RowRange::ALL {
            assert_eq!(range.first, next, "{range}");
            for rows in [range.first, range.last, range.representative()] {
                assert_eq!(RowRange::of(rows), range);
                assert!(range.contains(rows));
            }
            next = range.last.wrapping_add(1);
        }
        assert_eq!(next, 0, "the last range has no end");
    }

    #[test]
    fn a_range_reads_as_people_write_it() {
        let texts: Vec<String> = RowRange::ALL.iter().map(RowRange::to_string).collect();
        assert_eq!(
            texts,
            ["1", "2", "3..4", "5..8", "9..16", "17..64", "65..256", "257.."]
        );
    }
}
