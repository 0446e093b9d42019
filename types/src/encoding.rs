//! How four bits and the numbers of their group make a weight.

use core::fmt;

use crate::ScaleFormat;

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

    /// Whether a weight is `scale * (q - 8)` plus a number of its group, which follows from a zero point or a minimum.
    #[must_use]
    pub const fn is_affine(self) -> bool {
        match self {
            Self::ZeroPoint | Self::Minimum => true,
            Self::Symmetric | Self::Codebook => false,
        }
    }

    /// What the name of a variant says of it.
    pub(crate) const fn label(self) -> Option<&'static str> {
        match self {
            Self::Symmetric => None,
            Self::ZeroPoint => Some("zp"),
            Self::Minimum => Some("min"),
            Self::Codebook => Some("lut"),
        }
    }
}

/// What kernels must know of weights beside their shape: which of them can multiply by which weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WeightFormat {
    /// How four bits and the numbers of their group make a weight.
    pub encoding: Encoding,
    /// What a scale is stored as, and a minimum beside it.
    pub scales: ScaleFormat,
}

impl WeightFormat {
    /// Whether there can be such weights: minimums are stored as scales are, and a byte holds none.
    #[must_use]
    pub const fn exists(self) -> bool {
        !matches!(self.encoding, Encoding::Minimum) || self.scales.bytes() > 1
    }

    /// Whether weights of this format can be stored as another without rounding a number.
    #[must_use]
    pub fn is_held_by(self, stored: Self) -> bool {
        self.encoding == stored.encoding && stored.scales.holds(self.scales)
    }

    /// Bytes that each group of a column has beside its nibbles: the scale, and a zero point or a minimum.
    #[must_use]
    pub const fn group_bytes(self) -> u32 {
        let scale = self.scales.bytes();
        match self.encoding {
            Encoding::Symmetric | Encoding::Codebook => scale,
            Encoding::ZeroPoint => scale + 1,
            Encoding::Minimum => 2 * scale,
        }
    }
}

impl fmt::Display for WeightFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} scales", self.encoding, self.scales)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
