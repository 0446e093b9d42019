//! Which lanes are active.

use std::ops::Range;

use crate::bytecode::Slot;

/// The lanes of a mask: how many, and between which bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Active {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) count: u32,
}

impl Active {
    pub(super) fn lanes(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }

    /// Whether all lanes between the bounds are active.
    pub(super) fn is_dense(self) -> bool {
        self.count == self.end - self.start
    }
}

/// Masks of all slots, one word of 0 or 1 for each lane. A mask is valid between the bounds of its [`Active`] only.
#[derive(Debug)]
pub(super) struct Masks {
    words: Vec<u32>,
    stride: usize,
}

impl Masks {
    pub(super) fn new(slots: u32, stride: usize) -> Self {
        Self {
            words: vec![0; slots as usize * stride],
            stride,
        }
    }

    /// Lanes of a mask.
    #[inline]
    pub(super) fn row(&self, slot: Slot, lanes: Range<usize>) -> &[u32] {
        let start = slot as usize * self.stride;
        self.words
            .get(start + lanes.start..start + lanes.end)
            .unwrap_or_default()
    }

    /// Makes lanes of a mask active.
    pub(super) fn fill(&mut self, slot: Slot, lanes: Range<usize>) -> Active {
        let active = Active {
            start: lanes.start as u32,
            end: lanes.end as u32,
            count: (lanes.end - lanes.start) as u32,
        };
        self.row_mut(slot, lanes).fill(1);
        active
    }

    /// `to` becomes the lanes of `from` for which `keep` holds, given a word for each lane.
    pub(super) fn filter(
        &mut self,
        from: Slot,
        active: Active,
        to: Slot,
        words: &[u32],
        keep: impl Fn(u32) -> u32,
    ) -> Active {
        let lanes = active.lanes();
        if from == to {
            for (mask, &word) in self.row_mut(to, lanes.clone()).iter_mut().zip(words) {
                *mask &= keep(word);
            }
        } else {
            let (source, target) = self.pair(from, to, lanes.clone());
            for ((target, &source), &word) in target.iter_mut().zip(source).zip(words) {
                *target = source & keep(word);
            }
        }
        self.measure(to, lanes)
    }

    pub(super) fn copy(&mut self, from: Slot, active: Active, to: Slot) -> Active {
        if from != to {
            let (source, target) = self.pair(from, to, active.lanes());
            target.copy_from_slice(source);
        }
        active
    }

    /// Adds lanes of one mask to another, both seen between the bounds of `lanes`.
    pub(super) fn unite(&mut self, from: Slot, from_active: Active, to: Slot, to_active: Active) -> Active {
        let lanes = from_active.start.min(to_active.start)..from_active.end.max(to_active.end);
        if from_active.is_empty() {
            return to_active;
        }
        for lane in lanes.start as usize..lanes.end as usize {
            let of = |active: Active, slot: Slot| {
                active.lanes().contains(&lane) && self.words[slot as usize * self.stride + lane] != 0
            };
            let on = of(from_active, from) || (!to_active.is_empty() && of(to_active, to));
            self.words[to as usize * self.stride + lane] = u32::from(on);
        }
        self.measure(to, lanes.start as usize..lanes.end as usize)
    }

    /// Takes the lanes of a mask out of another one.
    pub(super) fn subtract(&mut self, lanes: Slot, leaving: Active, from: Slot, active: Active) -> Active {
        if lanes == from {
            return Active::default();
        }
        let common = leaving.start.max(active.start) as usize..leaving.end.min(active.end) as usize;
        if !common.is_empty() {
            let (source, target) = self.pair(lanes, from, common);
            for (target, &source) in target.iter_mut().zip(source) {
                *target &= source ^ 1;
            }
        }
        self.measure(from, active.lanes())
    }

    /// Counts a mask and narrows its bounds.
    fn measure(&self, slot: Slot, lanes: Range<usize>) -> Active {
        let row = self.row(slot, lanes.clone());
        let count = row.iter().sum::<u32>();
        if count == 0 {
            return Active::default();
        }
        if count as usize == row.len() {
            return Active {
                start: lanes.start as u32,
                end: lanes.end as u32,
                count,
            };
        }
        let first = row.iter().position(|&word| word != 0).unwrap_or(0);
        let last = row.iter().rposition(|&word| word != 0).unwrap_or(0);
        Active {
            start: (lanes.start + first) as u32,
            end: (lanes.start + last + 1) as u32,
            count,
        }
    }

    fn row_mut(&mut self, slot: Slot, lanes: Range<usize>) -> &mut [u32] {
        let start = slot as usize * self.stride;
        self.words
            .get_mut(start + lanes.start..start + lanes.end)
            .unwrap_or_default()
    }

    /// A mask to read and another one to write.
    fn pair(&mut self, read: Slot, write: Slot, lanes: Range<usize>) -> (&[u32], &mut [u32]) {
        let stride = self.stride;
        let at = |slot: Slot, base: Slot| {
            let start = (slot - base) as usize * stride;
            start + lanes.start..start + lanes.end
        };
        if read < write {
            let (low, high) = self.words.split_at_mut(write as usize * stride);
            (&low[at(read, 0)], &mut high[at(write, write)])
        } else {
            let (low, high) = self.words.split_at_mut(read as usize * stride);
            (&high[at(read, read)], &mut low[at(write, 0)])
        }
    }
}
