//! Nibbles in the order that [`Quantized`](crate::Quantized) has them, from the orders of files.

use q4_kernel_types::layout;

/// Rows that are written in turns: files that have neighbouring columns beside each other are read line by line of the cache, and the lines that are written
/// stay in it.
const BAND: usize = 32;

/// `[N, ceil(K/2)]` bytes, even k low, each nibble by its row and k.
pub(crate) fn packed(n: usize, k: usize, q: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    let row_bytes = k.div_ceil(2);
    let mut weight = vec![0; n * row_bytes];
    for (band, rows) in weight.chunks_mut((row_bytes * BAND).max(1)).enumerate() {
        for byte in 0..row_bytes {
            let places = rows.iter_mut().skip(byte).step_by(row_bytes);
            for (row, place) in (band * BAND..).zip(places) {
                let high = if 2 * byte + 1 < k { q(row, 2 * byte + 1) } else { 0 };
                *place = q(row, 2 * byte) | high << layout::BITS;
            }
        }
    }
    weight
}

/// The nibble of an index in bytes, low before high.
pub(crate) fn of_bytes(bytes: &[u8], index: usize) -> u8 {
    bytes[index / 2] >> (layout::BITS as usize * (index % 2)) & 0xF
}

/// A nibble of a word, the lowest first.
pub(crate) fn of_word(word: u32, place: usize) -> u8 {
    (word >> (layout::BITS as usize * place) & 0xF) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nibble_comes_to_its_place_whatever_the_size() {
        for (n, k) in [(1, 1), (3, 5), (BAND, 8), (2 * BAND + 1, 7)] {
            let q = |row: usize, k: usize| ((row * 5 + k * 3) % 16) as u8;
            let weight = packed(n, k, q);
            let row_bytes = k.div_ceil(2);
            assert_eq!(weight.len(), n * row_bytes);
            for row in 0..n {
                for k in 0..k {
                    assert_eq!(of_bytes(&weight[row * row_bytes..], k), q(row, k), "{n} {k}");
                }
            }
        }
    }
}
