//! How scales are stored on the device.

use core::fmt;

/// How scales are stored on the device. The host's are f32; they are rounded at upload.
///
/// The order is that of the contract, `[groups, padded_N]`. At group size 32, scales of four bytes are a fifth of all bytes that a GEMV reads.
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
}

impl ScaleFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Bf16];

    /// Bytes of one scale.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// The name in descriptions and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }

    /// What the name of a variant says of it.
    pub(crate) const fn label(self) -> Option<&'static str> {
        match self {
            Self::F32 => None,
            Self::F16 => Some("sf16"),
            Self::Bf16 => Some("sbf16"),
        }
    }
}

impl fmt::Display for ScaleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
