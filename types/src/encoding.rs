//! How four bits and the numbers of their group make a weight.

use core::fmt;

/// How four bits and the numbers of their group make a weight. `q` is the nibble as stored, 0 to 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Encoding {
    /// `scale * (q - 8)`.
    #[default]
    Symmetric,
    /// `scale * (q - zero)`, an integer zero point for each group of a column.
    ZeroPoint,
    /// `scale * q + minimum`, a real minimum for each group of a column.
    Minimum,
    /// `scale * level[q]`, sixteen levels for the whole layer.
    Codebook,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 4] = [Self::Symmetric, Self::ZeroPoint, Self::Minimum, Self::Codebook];

    /// The name in descriptions and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
            Self::ZeroPoint => "zero_point",
            Self::Minimum => "minimum",
            Self::Codebook => "codebook",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
