//! Nibbles as mantissas: the numbers of a dequantisation that leaves a nibble where it stands.

use q4_kernel_types::layout::{BITS, ZERO_POINT};
use serde::Serialize;

/// The bits of 2^23 as an f32: the last bit of its mantissa counts one.
pub(super) const MAGIC: u32 = 0x4B00_0000;

/// A nibble in the lower half of a word.
#[derive(Serialize)]
pub(super) struct Nibble {
    index: u32,
    /// Its bits.
    mask: u32,
    /// What its lowest bit counts.
    weight: u32,
    /// What it makes of [`MAGIC`] where the quantised weight is 0.
    offset: u32,
}

/// Those of the lower half of a word. A fifth one would still fit below the exponent, but the upper half needs a shift in any case.
pub(super) fn nibbles() -> [Nibble; 4] {
    [0, 1, 2, 3].map(|index| {
        let weight = 1 << (BITS * index);
        Nibble {
            index,
            mask: ((1 << BITS) - 1) * weight,
            weight,
            offset: (1 << 23) + u32::from(ZERO_POINT) * weight,
        }
    })
}
