//! Sectors, banks and bytes that were touched.

use std::ops::Range;

use crate::execute::SKIP;

/// Banks of workgroup memory, each of four bytes.
const BANKS: u32 = u32::BITS;
/// Bytes of a sector.
pub(crate) const SECTOR: u32 = 32;

/// Different 32-byte sectors that the ranges `offset + first .. offset + end` of active lanes touch.
pub(crate) fn sectors(offsets: &[u32], mask: &[u32], first: u32, end: u32, scratch: &mut Vec<u32>) -> u64 {
    let range = |offset: u32| ((offset + first) / SECTOR, (offset + end - 1) / SECTOR);
    let touched = || {
        offsets
            .iter()
            .zip(mask)
            .filter(|&(&offset, &active)| active != 0 && offset != SKIP)
    };
    // Lanes mostly go upwards; then no set is needed.
    let (mut count, mut previous, mut last) = (0, 0, None);
    for (&offset, _) in touched() {
        let (low, high) = range(offset);
        match last {
            None => count += high - low + 1,
            Some(_) if low < previous => {
                scratch.clear();
                scratch.extend(touched().flat_map(|(&offset, _)| {
                    let (low, high) = range(offset);
                    low..=high
                }));
                scratch.sort_unstable();
                scratch.dedup();
                return scratch.len() as u64;
            }
            Some(last) if low > last => count += high - low + 1,
            Some(last) => count += high.saturating_sub(last),
        }
        previous = low;
        last = last.max(Some(high));
    }
    u64::from(count)
}

/// Passes beyond the fewest that ranges of words of workgroup memory need, which lie in `all`; see
/// [`WorkgroupTraffic::bank_conflicts`](crate::WorkgroupTraffic::bank_conflicts).
pub(crate) fn bank_conflicts(
    all: Range<u32>,
    ranges: impl Iterator<Item = Range<u32>>,
    seen: &mut Vec<u32>,
) -> u64 {
    // So few neighbours are all in different banks.
    if all.end.saturating_sub(all.start) <= BANKS {
        return 0;
    }
    // A row has a word of each bank. A bit for each word, so that one that several lanes access counts once.
    let first_row = all.start / BANKS;
    seen.clear();
    seen.resize((all.end.div_ceil(BANKS) - first_row) as usize, 0);
    let mut passes = BankCounts::default();
    for range in ranges {
        let mut start = range.start;
        while start < range.end {
            let (row, bank) = (start / BANKS, start % BANKS);
            let count = (BANKS - bank).min(range.end - start);
            let banks = (u32::MAX >> (BANKS - count)) << bank;
            if let Some(row) = seen.get_mut((row - first_row) as usize) {
                passes.add(banks & !*row);
                *row |= banks;
            }
            start += count;
        }
    }
    passes.most() - passes.sum().div_ceil(u64::from(BANKS))
}

/// A count for each bank, in binary: bit `b` of number `i` is bit `i` of the count of bank `b`, so that one addition
/// serves all banks.
#[derive(Default)]
struct BankCounts {
    digits: [u32; 32],
    /// Digits after these are zero.
    used: usize,
}

impl BankCounts {
    /// Adds one to some banks.
    #[inline]
    fn add(&mut self, banks: u32) {
        let (mut carry, mut place) = (banks, 0);
        for digit in &mut self.digits {
            if carry == 0 {
                break;
            }
            (*digit, carry) = (*digit ^ carry, *digit & carry);
            place += 1;
        }
        self.used = self.used.max(place);
    }

    fn digits(&self) -> impl DoubleEndedIterator<Item = (usize, u32)> + ExactSizeIterator {
        self.digits[..self.used].iter().copied().enumerate()
    }

    /// The count of the fullest bank.
    fn most(&self) -> u64 {
        let (mut most, mut fullest) = (0, u32::MAX);
        for (i, digit) in self.digits().rev() {
            if digit & fullest != 0 {
                fullest &= digit;
                most |= 1 << i;
            }
        }
        most
    }

    fn sum(&self) -> u64 {
        self.digits()
            .map(|(i, digit)| u64::from(digit.count_ones()) << i)
            .sum()
    }
}

/// A set of locations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    bits: Vec<u64>,
}

impl Touched {
    pub(crate) fn new(locations: usize) -> Self {
        Self {
            bits: vec![0; locations.div_ceil(64)],
        }
    }

    /// Adds consecutive locations.
    #[inline]
    pub(crate) fn insert(&mut self, locations: Range<u32>) {
        let (start, end) = (locations.start as usize, locations.end as usize);
        let (first, last) = (start / 64, end.saturating_sub(1) / 64);
        let head = u64::MAX << (start % 64);
        let tail = u64::MAX >> ((64 - end % 64) % 64);
        if first == last {
            if let Some(bits) = self.bits.get_mut(first) {
                *bits |= head & tail;
            }
            return;
        }
        if let Some([head_bits, middle @ .., tail_bits]) = self.bits.get_mut(first..=last) {
            *head_bits |= head;
            middle.fill(u64::MAX);
            *tail_bits |= tail;
        }
    }

    pub(crate) fn contains(&self, location: u32) -> bool {
        self.bits
            .get(location as usize / 64)
            .is_some_and(|bits| bits >> (location % 64) & 1 != 0)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (to, from) in self.bits.iter_mut().zip(&other.bits) {
            *to |= from;
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.bits.iter().map(|bits| u64::from(bits.count_ones())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(offsets: &[u32], size: u32) -> u64 {
        sectors(offsets, &vec![1; offsets.len()], 0, size, &mut Vec::new())
    }

    #[test]
    fn sectors_of_contiguous_lanes() {
        let contiguous = (0..32).map(|i| i * 4).collect::<Vec<_>>();
        assert_eq!(of(&contiguous, 4), 4);
        let vectors = (0..32).map(|i| i * 16).collect::<Vec<_>>();
        assert_eq!(of(&vectors, 16), 16);
    }

    #[test]
    fn sectors_of_one_address_strides_and_disorder() {
        assert_eq!(of(&[64; 32], 4), 1);
        assert_eq!(of(&(0..32).map(|i| i * 64).collect::<Vec<_>>(), 4), 32);
        assert_eq!(of(&[96, 0, 32, 0, 96], 4), 3);
        // A range of 64 bytes in the middle of sectors touches three of them, overlapping ranges share.
        assert_eq!(of(&[16, 32], 64), 3);
    }

    #[test]
    fn inactive_and_skipped_lanes_touch_nothing() {
        assert_eq!(sectors(&[0, 64, SKIP], &[1, 0, 1], 0, 4, &mut Vec::new()), 1);
    }

    #[test]
    fn bank_conflicts_count_extra_passes() {
        let conflicts = |words: Vec<u32>| {
            let all = *words.iter().min().unwrap()..words.iter().max().unwrap() + 1;
            bank_conflicts(all, words.into_iter().map(|word| word..word + 1), &mut Vec::new())
        };
        assert_eq!(conflicts((0..32).collect()), 0);
        assert_eq!(conflicts(vec![5; 32]), 0);
        assert_eq!(conflicts((0..32).map(|i| i * 2).collect()), 1);
        assert_eq!(conflicts((0..32).map(|i| i * 32).collect()), 31);
        assert_eq!(conflicts((0..32).map(|i| i * 33).collect()), 0);
        // vec4 by 32 lanes: 128 words in 4 passes, none of them extra.
        assert_eq!(conflicts((0..128).collect()), 0);
    }

    #[test]
    fn touched_locations_are_counted_once() {
        let mut touched = Touched::new(100);
        for location in [3, 3, 99, 64] {
            touched.insert(location..location + 1);
        }
        let mut other = Touched::new(100);
        other.insert(64..66);
        touched.merge(&other);
        assert_eq!(touched.count(), 4);
        assert!(touched.contains(65) && !touched.contains(66));
    }

    #[test]
    fn ranges_of_locations_reach_over_words() {
        for (start, end) in [
            (0, 1),
            (0, 64),
            (63, 65),
            (5, 200),
            (64, 128),
            (10, 64),
            (128, 192),
        ] {
            let mut touched = Touched::new(256);
            touched.insert(start..end);
            let expected = (0..256)
                .filter(|location| (start..end).contains(location))
                .collect::<Vec<_>>();
            let found = (0..256)
                .filter(|&location| touched.contains(location))
                .collect::<Vec<_>>();
            assert_eq!(found, expected);
        }
    }
}
