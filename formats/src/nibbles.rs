//! Nibbles in the order that [`Quantized`](crate::Quantized) has them, from the orders of files.

use q4_kernel_types::{layout, layout::WEIGHTS_PER_WORD};

/// Nibbles of a word.
pub(crate) const PER_WORD: usize = WEIGHTS_PER_WORD as usize;

/// Rows of a block that is written at a time: files that have neighbouring columns beside each other are read so many at a time.
const BAND: usize = 64;
/// Bytes of each row of a block: whole words, a line of the cache.
const LINE: usize = 64;

/// `[N, ceil(K/2)]` bytes, even k low, each nibble by its row and k.
pub(crate) fn packed(n: usize, k: usize, q: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    packed_words(n, k, |row, word| {
        let first = word * PER_WORD;
        let places = 0..PER_WORD.min(k - first);
        places.fold(0, |all, place| {
            all | u32::from(q(row, first + place)) << (layout::BITS as usize * place)
        })
    })
}

/// The same, each eight nibbles by their row and their number in it: those of a lower k are in lower bits. Of the last word of a row, what K has not is left out.
pub(crate) fn packed_words(n: usize, k: usize, word: impl Fn(usize, usize) -> u32) -> Vec<u8> {
    let row_bytes = k.div_ceil(2);
    let mut weight = vec![0; n * row_bytes];
    for (band, rows) in weight.chunks_mut((row_bytes * BAND).max(1)).enumerate() {
        let (first, count) = (band * BAND, rows.len() / row_bytes);
        for begin in (0..row_bytes).step_by(LINE) {
            // Rows lie a power of two apart, as a rule, where a cache holds few of them at a time: a block is made in a place of its own.
            let mut block = [[0; LINE]; BAND];
            for at in (begin..row_bytes.min(begin + LINE)).step_by(size_of::<u32>()) {
                for (row, line) in block[..count].iter_mut().enumerate() {
                    let bytes = word(first + row, at / size_of::<u32>()).to_le_bytes();
                    line[at - begin..][..bytes.len()].copy_from_slice(&bytes);
                }
            }
            for (row, line) in rows.chunks_exact_mut(row_bytes).zip(&block) {
                let place = &mut row[begin..row_bytes.min(begin + LINE)];
                place.copy_from_slice(&line[..place.len()]);
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
        for (n, k) in [
            (1, 1),
            (3, 5),
            (BAND, 8),
            (2 * BAND + 1, 7),
            (2, 2 * LINE),
            (5, 4 * LINE + 9),
        ] {
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
