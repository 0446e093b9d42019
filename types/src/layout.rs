//! The q4gsw layout: 4-bit, group-wise, symmetric weights, as ExecuTorch's `et_vk.linear_q4gsw` defined it.
//!
//! ```text
//! y[m, n] = sum_k x[m, k] * (nibble(n, k) - 8) * scale[k / group_size, n]  (+ bias[n])
//! ```
//!
//! - **weight**: `u8 [N, ceil(K / 2)]`, one row per output feature. Even `k` is the **low** nibble of a byte, odd `k` the high
//!   one; `q` in -8..=7 is stored as `q + 8`. Read as little-endian `u32`, a word holds 8 consecutive `k` when `K % 8 == 0`.
//! - **scales**: `f32 [ceil(K / group_size), padded_N]`, `padded_N` being N rounded up to a multiple of 4.
//! - **bias**: `f32 [N]`, optional. Where it is absent a dummy buffer is bound, so that the binding layout never changes.
//! - **bindings**: [`Binding`], all in group 0.

use crate::Encoding;

/// What is added to a weight in -8..=7 to store it as a nibble.
pub const ZERO_POINT: u8 = 8;
/// The smallest quantised weight.
pub const QUANT_MIN: i8 = -8;
/// The largest quantised weight.
pub const QUANT_MAX: i8 = 7;
/// Bits of one weight.
pub const BITS: u32 = 4;
/// Weights in one `u32` word.
pub const WEIGHTS_PER_WORD: u32 = u32::BITS / BITS;
/// `padded_N` is a multiple of this, so that four neighbouring scales are one aligned `vec4<f32>`.
pub const PADDED_N_MULTIPLE: u32 = 4;

/// Inputs begin at a multiple of so many bytes: kernels may read four f32 at once.
pub const INPUT_ALIGNMENT: u32 = 16;

/// Bytes of one row of packed weights: `ceil(K / 2)`.
#[must_use]
pub const fn packed_k(k: u32) -> u32 {
    k.div_ceil(u8::BITS / BITS)
}

/// Columns of the scale matrix: N rounded up to a multiple of [`PADDED_N_MULTIPLE`]. Wide enough for every `u32`.
#[must_use]
pub const fn padded_n(n: u32) -> u64 {
    (n as u64).next_multiple_of(PADDED_N_MULTIPLE as u64)
}

/// Rows of the scale matrix: `ceil(K / group_size)`; 0 where `group_size` is 0, which no layer has.
#[must_use]
pub const fn groups(k: u32, group_size: u32) -> u32 {
    if group_size == 0 {
        0
    } else {
        k.div_ceil(group_size)
    }
}

/// Bytes of packed weights: `N * ceil(K / 2)`.
#[must_use]
pub const fn weight_bytes(n: u32, k: u32) -> u64 {
    n as u64 * packed_k(k) as u64
}

/// Number of scales, padding included: `ceil(K / group_size) * padded_N`.
#[must_use]
pub const fn scale_count(n: u32, k: u32, group_size: u32) -> u64 {
    groups(k, group_size) as u64 * padded_n(n)
}

/// Levels of a codebook: as many as there are nibbles.
pub const LEVELS: u32 = 1 << BITS;

/// The bindings of kernels, in group 0. The numbers up to [`Binding::Params`] are those of the original contract, and every kernel has them; the
/// others belong to [encodings](Encoding).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Binding {
    /// `f32 [M, N]`, written.
    Output = 0,
    /// `f32 [M, K]`, read.
    Input = 1,
    /// `u32` words of packed weights, read.
    Weight = 2,
    /// A scale for each group and column, read; how they are stored is for [`ScaleLayout`](crate::ScaleLayout) to say.
    Scales = 3,
    /// `f32 [N]` or a dummy, read.
    Bias = 4,
    /// [`Params`](crate::Params), uniform.
    Params = 5,
    /// A number for each group and column, read: zero points of a byte, four to a word, or minimums, stored as the scales are. In the
    /// scales' order.
    Offsets = 6,
    /// `f32 [16]`, read: the level of each nibble.
    Codebook = 7,
}

/// What kernels do with a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// A storage buffer that is written.
    Write,
    /// A storage buffer that is only read.
    Read,
    /// A uniform buffer.
    Uniform,
}

impl Binding {
    /// All bindings, by number.
    pub const ALL: [Self; 8] = [
        Self::Output,
        Self::Input,
        Self::Weight,
        Self::Scales,
        Self::Bias,
        Self::Params,
        Self::Offsets,
        Self::Codebook,
    ];

    /// The bindings of kernels for weights of an encoding, by number.
    pub fn of(encoding: Encoding) -> impl Iterator<Item = Self> + Clone {
        Self::ALL.into_iter().filter(move |binding| match binding {
            Self::Offsets => encoding.is_affine(),
            Self::Codebook => encoding == Encoding::Codebook,
            _ => true,
        })
    }

    /// The number behind `@binding`.
    #[must_use]
    pub const fn index(self) -> u32 {
        self as u32
    }

    /// What kernels do with it.
    #[must_use]
    pub const fn access(self) -> Access {
        match self {
            Self::Output => Access::Write,
            Self::Input | Self::Weight | Self::Scales | Self::Bias | Self::Offsets | Self::Codebook => {
                Access::Read
            }
            Self::Params => Access::Uniform,
        }
    }

    /// The name of the variable in WGSL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Input => "input",
            Self::Weight => "weight",
            Self::Scales => "scales",
            Self::Bias => "bias",
            Self::Params => "params",
            Self::Offsets => "offsets",
            Self::Codebook => "codebook",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_k_rounds_the_row_up_to_a_whole_byte() {
        assert_eq!([packed_k(1), packed_k(2), packed_k(7), packed_k(8)], [1, 1, 4, 4]);
        assert_eq!(packed_k(u32::MAX), 1 << 31);
    }

    #[test]
    fn the_last_group_may_be_short_and_padding_never_overflows() {
        assert_eq!(groups(100, 32), 4);
        assert_eq!(groups(100, 0), 0);
        assert_eq!(padded_n(5), 8);
        assert_eq!(padded_n(u32::MAX), 1 << 32);
    }
}
