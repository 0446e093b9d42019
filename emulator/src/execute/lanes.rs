//! The lanes of a memory access.

use super::SKIP;

/// Offsets of the lanes of an access.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes<'a> {
    /// Byte offset of each lane.
    pub(super) offsets: &'a [u32],
    pub(super) mask: &'a [u32],
    /// Lane of the first offset.
    pub(super) start: u32,
    /// Lanes of a subgroup.
    pub(super) subgroup_size: u32,
    /// All offsets belong to this lane, one for each element of a cooperative matrix.
    pub(super) collective: Option<u32>,
}

/// How the offsets of an access are spaced: the common cases need no look at each lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// All lanes have the same offset.
    Uniform(u32),
    /// All lanes are active, each of them a step after the one before.
    Linear {
        first: u32,
        step: u32,
    },
    Other,
}

impl Lanes<'_> {
    /// Lane and offset of each lane that accesses memory.
    #[inline]
    pub(super) fn each(&self) -> impl Iterator<Item = (u32, u32)> {
        let collective = self.collective;
        (self.start..)
            .zip(self.offsets.iter().zip(self.mask))
            .filter(|&(_, (&offset, &active))| active != 0 && offset != SKIP)
            .map(move |(lane, (&offset, _))| (collective.unwrap_or(lane), offset))
    }

    /// Lanes that access memory.
    pub(super) fn count(&self) -> u64 {
        let count = |(&offset, &active): (&u32, &u32)| u32::from(offset != SKIP) & active;
        u64::from(self.offsets.iter().zip(self.mask).map(count).sum::<u32>())
    }

    pub(super) fn pattern(&self) -> Pattern {
        let (Some(&first), Some(&last)) = (self.offsets.first(), self.offsets.last()) else {
            return Pattern::Other;
        };
        if first == SKIP || self.mask.first() != Some(&1) {
            return Pattern::Other;
        }
        if first == last && self.offsets.iter().all(|&offset| offset == first) {
            return Pattern::Uniform(first);
        }
        let step = self.offsets.get(1).map_or(0, |second| second.wrapping_sub(first));
        let reach = u64::from(step) * (self.offsets.len() as u64 - 1);
        // The end of the sequence rules out lanes that are skipped and sums that wrap.
        let ends = u64::from(first) + reach == u64::from(last) && last != SKIP;
        let linear = |pair: &[u32]| pair[1].wrapping_sub(pair[0]) == step;
        if ends && self.offsets.windows(2).all(linear) && self.mask.iter().all(|&active| active != 0) {
            return Pattern::Linear { first, step };
        }
        Pattern::Other
    }

    /// The offsets and masks of each subgroup.
    pub(super) fn subgroups(&self) -> impl Iterator<Item = (&[u32], &[u32])> {
        let size = match self.collective {
            Some(_) => self.offsets.len().max(1),
            None => self.subgroup_size as usize,
        };
        let skip = if self.collective.is_some() {
            0
        } else {
            self.start as usize % size
        };
        let first = (size - skip).min(self.offsets.len());
        let (head, tail) = self.offsets.split_at(first);
        let (head_mask, tail_mask) = self.mask.split_at(first.min(self.mask.len()));
        std::iter::once((head, head_mask)).chain(tail.chunks(size).zip(tail_mask.chunks(size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(offsets: &[u32], mask: &[u32]) -> Pattern {
        Lanes {
            offsets,
            mask,
            start: 0,
            subgroup_size: 4,
            collective: None,
        }
        .pattern()
    }

    #[test]
    fn patterns_are_recognised() {
        assert_eq!(pattern(&[8, 8, 8], &[1, 0, 1]), Pattern::Uniform(8));
        assert_eq!(
            pattern(&[8, 12, 16], &[1, 1, 1]),
            Pattern::Linear { first: 8, step: 4 }
        );
        assert_eq!(pattern(&[8, 12, 16], &[1, 0, 1]), Pattern::Other);
        assert_eq!(pattern(&[8, 12, 20], &[1, 1, 1]), Pattern::Other);
        assert_eq!(pattern(&[16, 12, 8], &[1, 1, 1]), Pattern::Other);
        assert_eq!(pattern(&[8, SKIP, 16], &[1, 1, 1]), Pattern::Other);
        assert_eq!(pattern(&[SKIP, SKIP], &[1, 1]), Pattern::Other);
        assert_eq!(pattern(&[SKIP - 1, SKIP], &[1, 1]), Pattern::Other);
    }

    #[test]
    fn subgroups_start_at_multiples_of_their_size() {
        let (offsets, mask) = ((0..7).collect::<Vec<u32>>(), vec![1; 7]);
        let lanes = Lanes {
            offsets: &offsets,
            mask: &mask,
            start: 3,
            subgroup_size: 4,
            collective: None,
        };
        let subgroups = lanes
            .subgroups()
            .map(|(offsets, _)| offsets.to_vec())
            .collect::<Vec<_>>();
        assert_eq!(subgroups, [vec![0], vec![1, 2, 3, 4], vec![5, 6]]);
    }
}
