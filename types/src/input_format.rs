//! How kernels read their inputs.

use core::fmt;

/// What a kernel finds where its inputs are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum InputFormat {
    /// `f32 [M, K]`: what the caller has.
    #[default]
    F32,
    /// `f16 [M, stride]`, the stride of [`Geometry::input_stride`](crate::Geometry::input_stride), zeros from K on. Every eight elements of a row lie in the
    /// order [`InputFormat::F16_ORDER`]. A pass before the kernel rounds the caller's inputs once, instead of every workgroup that reads them.
    F16,
}

impl InputFormat {
    /// Both.
    pub const ALL: [Self; 2] = [Self::F32, Self::F16];

    /// Which of eight neighbouring elements lies at each place: the order in which two shifts take the nibbles of a word apart, so that kernels put neither in order.
    pub const F16_ORDER: [usize; 8] = [0, 4, 1, 5, 2, 6, 3, 7];

    /// Bytes of an element.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    /// The word for it in a description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }
}

impl fmt::Display for InputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
