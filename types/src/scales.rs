//! How scales are stored on the device.

use core::fmt;

/// How scales are stored on the device: one layout for all kernels of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ScaleLayout {
    /// What one scale is stored as.
    pub format: ScaleFormat,
    /// Which scales are neighbours.
    pub order: ScaleOrder,
}

/// Which scales are neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum ScaleOrder {
    /// `[N, groups]`: those of neighbouring groups of one column, as the weights lie: lanes that walk over K together read them together.
    #[default]
    Columns,
    /// `[groups, padded_N]`, as the contract has it: those of neighbouring columns.
    Groups,
}

/// What one scale is stored as. The host's are f32; they are rounded at upload to a float of 16 bits, and never to one of 8: a file that
/// has such scales has them exactly.
///
/// At group size 32, scales of four bytes are a fifth of all bytes that a GEMV reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum ScaleFormat {
    /// As they came.
    #[default]
    F32,
    /// IEEE half precision, two to a word, the first in the low half: 11 bits of precision, from 6e-8 to 65504.
    F16,
    /// The upper half of an f32, two to a word, the first in the low half: 8 bits of precision, the range of f32.
    Bf16,
    /// An exponent, four to a word, the first in the lowest byte: the power of two `2^(e - 127)`, as MXFP4 has it. 255 is NaN.
    E8m0,
    /// Sign, four bits of exponent and three of mantissa, four to a word, the first in the lowest byte: up to 448, as NVFP4 has it. It
    /// has no infinity, and one NaN of each sign.
    E4m3,
}

impl ScaleFormat {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::F32, Self::F16, Self::Bf16, Self::E8m0, Self::E4m3];

    /// Those that scales are rounded to at an upload, whatever they are: scales of 8 bits come so, or not at all.
    pub const ROUNDED: [Self; 3] = [Self::F32, Self::F16, Self::Bf16];

    /// Bytes of one scale.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::E8m0 | Self::E4m3 => 1,
        }
    }

    /// Whether every number of another format is one of this format too, so that none is rounded.
    #[must_use]
    pub const fn holds(self, other: Self) -> bool {
        match (self, other) {
            (Self::F32, _) | (Self::F16, Self::F16 | Self::E4m3) => true,
            (Self::Bf16, Self::Bf16 | Self::E8m0 | Self::E4m3) => true,
            (Self::E8m0, Self::E8m0) | (Self::E4m3, Self::E4m3) => true,
            (Self::F16 | Self::Bf16 | Self::E8m0 | Self::E4m3, _) => false,
        }
    }

    /// The name in descriptions and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::E8m0 => "e8m0",
            Self::E4m3 => "e4m3",
        }
    }
}

impl ScaleOrder {
    /// Every order.
    pub const ALL: [Self; 2] = [Self::Columns, Self::Groups];

    /// The name in descriptions and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::Columns => "columns",
        }
    }
}

impl ScaleLayout {
    /// What the name of a variant says of it.
    pub(crate) const fn label(self) -> Option<&'static str> {
        match (self.format, self.order) {
            (ScaleFormat::F32, ScaleOrder::Columns) => None,
            (ScaleFormat::F16, ScaleOrder::Columns) => Some("sf16"),
            (ScaleFormat::Bf16, ScaleOrder::Columns) => Some("sbf16"),
            (ScaleFormat::E8m0, ScaleOrder::Columns) => Some("se8m0"),
            (ScaleFormat::E4m3, ScaleOrder::Columns) => Some("se4m3"),
            (ScaleFormat::F32, ScaleOrder::Groups) => Some("sf32g"),
            (ScaleFormat::F16, ScaleOrder::Groups) => Some("sf16g"),
            (ScaleFormat::Bf16, ScaleOrder::Groups) => Some("sbf16g"),
            (ScaleFormat::E8m0, ScaleOrder::Groups) => Some("se8m0g"),
            (ScaleFormat::E4m3, ScaleOrder::Groups) => Some("se4m3g"),
        }
    }
}

impl fmt::Display for ScaleLayout {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.order {
            ScaleOrder::Columns => write!(f, "{}", self.format),
            ScaleOrder::Groups => write!(f, "{} {{ order: groups }}", self.format),
        }
    }
}

impl fmt::Display for ScaleOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ScaleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
