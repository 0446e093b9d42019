//! Nibbles in bytes.

use q4_kernel_types::layout::{self, QUANT_MAX, QUANT_MIN, ZERO_POINT};

/// Why values cannot be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The number of values is not N x K.
    #[error("{given} values were given, and N={n} rows of K={k} make {expected}")]
    Length {
        /// Values given.
        given: usize,
        /// Values expected.
        expected: u64,
        /// Rows.
        n: u32,
        /// Values of a row.
        k: u32,
    },
    /// A value does not fit four bits.
    #[error("the weight at row {row}, k {k} is {value}; 4-bit weights lie in -8..=7")]
    Range {
        /// Row.
        row: usize,
        /// Place in the row.
        k: usize,
        /// The value.
        value: i8,
    },
}

/// Packs `[N, K]` values in -8..=7 into `[N, ceil(K/2)]` bytes: even k in the low nibble, q stored as q + 8. The unused nibble of an
/// odd row holds a zero weight.
///
/// # Errors
/// If the number of values is not N x K, or a value does not fit four bits.
pub fn pack(values: &[i8], n: u32, k: u32) -> Result<Vec<u8>, PackError> {
    let expected = u64::from(n) * u64::from(k);
    if values.len() as u64 != expected {
        return Err(PackError::Length {
            given: values.len(),
            expected,
            n,
            k,
        });
    }
    let row_length = (k as usize).max(1);
    let mut packed = Vec::with_capacity(n as usize * layout::packed_k(k) as usize);
    for (row, values) in values.chunks(row_length).enumerate() {
        if let Some(at) = values
            .iter()
            .position(|value| !(QUANT_MIN..=QUANT_MAX).contains(value))
        {
            return Err(PackError::Range {
                row,
                k: at,
                value: values[at],
            });
        }
        packed.extend(values.chunks(2).map(|pair| {
            let low = nibble(pair[0]);
            let high = nibble(pair.get(1).copied().unwrap_or_default());
            low | high << layout::BITS
        }));
    }
    Ok(packed)
}

/// Unpacks one row of packed weights into `k` values in -8..=7; fewer if the row is shorter than `ceil(K/2)` bytes.
pub fn unpack(row: &[u8], k: u32) -> impl Iterator<Item = i8> + '_ {
    let low_nibble = u8::MAX >> layout::BITS;
    let weight = |nibble: u8| nibble.cast_signed() - ZERO_POINT.cast_signed();
    row.iter()
        .flat_map(move |byte| [weight(byte & low_nibble), weight(byte >> layout::BITS)])
        .take(k as usize)
}

fn nibble(value: i8) -> u8 {
    (value + ZERO_POINT.cast_signed()).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_k_is_the_low_nibble_and_rows_begin_at_bytes() {
        assert_eq!(pack(&[-8, 7, 0, 1, 2, 3], 2, 3), Ok(vec![0xF0, 0x88, 0xA9, 0x8B]));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_named() {
        assert_eq!(
            pack(&[0, 8], 1, 2),
            Err(PackError::Range {
                row: 0,
                k: 1,
                value: 8
            })
        );
        assert_eq!(
            pack(&[0; 3], 2, 2),
            Err(PackError::Length {
                given: 3,
                expected: 4,
                n: 2,
                k: 2
            })
        );
        assert_eq!(pack(&[], 0, 0), Ok(vec![]));
    }

    #[test]
    fn unpacking_inverts_packing_for_every_byte() {
        for byte in 0..=u8::MAX {
            let values: Vec<i8> = unpack(&[byte], 2).collect();
            assert_eq!(pack(&values, 1, 2), Ok(vec![byte]));
        }
    }
}
