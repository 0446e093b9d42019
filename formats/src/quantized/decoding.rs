//! What a nibble means.

use std::borrow::Cow;

use q4_kernel_types::Encoding;

/// How a nibble `q`, 0 to 15, and the numbers of its group make a weight. Numbers of groups are `[ceil(K/group_size), padded_N]`, as scales are.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoding<'a> {
    /// `scale * (q - 8)`.
    Symmetric,
    /// `scale * (q - zero)`.
    ZeroPoint(Cow<'a, [u8]>),
    /// `scale * q + minimum`, product and sum each rounded to f32.
    Minimum(Cow<'a, [f32]>),
    /// `scale * level[q] * tensor_scale`.
    Codebook(Codebook),
}

/// Sixteen levels that nibbles stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Codebook {
    /// The levels of the nibbles 0 to 15.
    pub levels: [f32; 16],
    /// What every weight is multiplied by last; 1 in most formats.
    pub tensor_scale: f32,
}

impl Decoding<'_> {
    /// Which of the encodings it is.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        match self {
            Self::Symmetric => Encoding::Symmetric,
            Self::ZeroPoint(_) => Encoding::ZeroPoint,
            Self::Minimum(_) => Encoding::Minimum,
            Self::Codebook(_) => Encoding::Codebook,
        }
    }

    pub(super) fn into_owned(self) -> Decoding<'static> {
        match self {
            Self::Symmetric => Decoding::Symmetric,
            Self::ZeroPoint(zeros) => Decoding::ZeroPoint(zeros.into_owned().into()),
            Self::Minimum(minimums) => Decoding::Minimum(minimums.into_owned().into()),
            Self::Codebook(codebook) => Decoding::Codebook(codebook),
        }
    }
}

impl Codebook {
    /// Levels that are used as they are.
    #[must_use]
    pub const fn new(levels: [f32; 16]) -> Self {
        Self {
            levels,
            tensor_scale: 1.0,
        }
    }
}
