//! What a worker learns about buffers from each access.

use std::ops::Range;

use super::lanes::{Lanes, Pattern};
use super::machine::BoundBuffer;
use crate::bytecode::Pc;
use crate::layout::Leaf;
use crate::memory::race::{Clock, Conflict, PAGE, Pages};
use crate::memory::traffic::{SECTOR, Touched, sectors};

/// What is done to each scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    Read,
    Write,
    Atomic { reads: bool, writes: bool },
}

impl Touch {
    pub(super) fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Atomic { reads: true, .. })
    }

    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Atomic { writes: true, .. })
    }
}

/// The first lane to which something happened, and how many there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Finding<T> {
    pub(super) lane: u32,
    pub(super) offset: u32,
    pub(super) count: u64,
    pub(super) what: T,
}

/// What was wrong with an access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    pub(super) race: Option<Finding<Conflict>>,
    pub(super) double_write: Option<Finding<Conflict>>,
    pub(super) uninitialized: Option<Finding<()>>,
}

fn find<T>(finding: &mut Option<Finding<T>>, lane: u32, offset: u32, what: T) {
    match finding {
        Some(finding) => finding.count += 1,
        None => {
            *finding = Some(Finding {
                lane,
                offset,
                count: 1,
                what,
            })
        }
    }
}

/// What a worker knows about a bound buffer.
#[derive(Debug, Default)]
pub(crate) struct BindingRecord {
    /// log2 of the bytes of a location.
    pub(crate) shift: u32,
    is_output: bool,
    pub(crate) bytes_read: u64,
    pub(crate) bytes_written: u64,
    pub(crate) sectors_read: u64,
    pub(crate) sectors_written: u64,
    pub(crate) atomics: u64,
    pub(crate) scalars: u64,
    pub(crate) read: Touched,
    pub(crate) written: Touched,
    /// Who accessed each location of a writable buffer.
    pub(crate) pages: Option<Pages>,
}

impl BindingRecord {
    pub(super) fn new(buffer: &BoundBuffer<'_>, checked: bool) -> Self {
        if !checked {
            return Self::default();
        }
        let shift = if buffer.variable.layout.has_narrow_scalars() {
            1
        } else {
            2
        };
        let locations = buffer.bytes.div_ceil(1 << shift) as usize;
        let writable = buffer.variable.is_writable();
        Self {
            shift,
            is_output: buffer.is_output,
            read: Touched::new(locations),
            written: Touched::new(if writable { locations } else { 0 }),
            pages: writable.then(|| Pages::new(locations)),
            ..Self::default()
        }
    }

    /// Adds what another worker learnt.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.bytes_read += other.bytes_read;
        self.bytes_written += other.bytes_written;
        self.sectors_read += other.sectors_read;
        self.sectors_written += other.sectors_written;
        self.atomics += other.atomics;
        self.scalars += other.scalars;
        self.read.merge(&other.read);
        self.written.merge(&other.written);
    }

    /// Notes an access of some lanes to some scalars of a place.
    pub(super) fn touch(
        &mut self,
        lanes: &Lanes<'_>,
        leaves: &[Leaf],
        touch: Touch,
        pc: Pc,
        clock: &Clock,
        scratch: &mut Vec<u32>,
    ) -> Findings {
        let mut findings = Findings::default();
        let (Some(first), Some(last)) = (leaves.first(), leaves.last()) else {
            return findings;
        };
        let pattern = lanes.pattern();
        let count = lanes.count();
        let size = leaves.iter().map(|leaf| leaf.scalar.width()).sum::<u32>();
        let (start, end) = (first.offset, last.offset + last.scalar.width());
        let touched = count_sectors(lanes, pattern, start, end, scratch);
        let bytes = count * u64::from(size);
        if touch.reads() {
            self.bytes_read += bytes;
            self.sectors_read += touched;
        }
        if touch.writes() {
            self.bytes_written += bytes;
            self.sectors_written += touched;
        }
        if let Touch::Atomic { .. } = touch {
            self.atomics += count;
        }
        self.scalars += count * leaves.len() as u64;
        match pattern {
            // Each lane begins where the one before ended, and nothing is left out between its scalars.
            Pattern::Linear { first, step } if step == size && end - start == size => {
                let bytes = first + start..first + start + size * lanes.offsets.len() as u32;
                self.insert(bytes, touch);
            }
            Pattern::Uniform(offset) => {
                for leaf in leaves {
                    let offset = offset + leaf.offset;
                    self.insert(offset..offset + leaf.scalar.width(), touch);
                }
            }
            _ => {
                for leaf in leaves {
                    for (_, offset) in lanes.each() {
                        let offset = offset.wrapping_add(leaf.offset);
                        self.insert(offset..offset + leaf.scalar.width(), touch);
                    }
                }
            }
        }
        if self.pages.is_some() && !matches!(touch, Touch::Atomic { .. }) {
            for leaf in leaves {
                self.find_races(lanes, *leaf, touch == Touch::Write, pc, clock, &mut findings);
            }
        }
        findings
    }

    /// Notes that bytes are touched.
    #[inline]
    fn insert(&mut self, bytes: Range<u32>, touch: Touch) {
        let locations = bytes.start >> self.shift..bytes.end.div_ceil(1 << self.shift);
        if touch.reads() {
            self.read.insert(locations.clone());
        }
        if touch.writes() {
            self.written.insert(locations);
        }
    }

    /// Compares with earlier accesses. Atomic operations are left out: WGSL lets nobody access an atomic in another
    /// way, hence nothing can race with it.
    fn find_races(
        &mut self,
        lanes: &Lanes<'_>,
        leaf: Leaf,
        write: bool,
        pc: Pc,
        clock: &Clock,
        findings: &mut Findings,
    ) {
        let Some(pages) = &mut self.pages else { return };
        let locations = (leaf.scalar.width() >> self.shift).max(1);
        // Lanes mostly stay in one page.
        let (mut number, mut page) = (usize::MAX, &mut [][..]);
        for (lane, offset) in lanes.each() {
            let offset = offset.wrapping_add(leaf.offset);
            let first = (offset >> self.shift) as usize;
            for location in first..first + locations as usize {
                if location / PAGE != number {
                    number = location / PAGE;
                    page = pages.page(number);
                }
                let Some(cell) = page.get_mut(location % PAGE) else {
                    continue;
                };
                let conflict = if write {
                    cell.write(lane, pc, clock)
                } else {
                    cell.read(lane, pc, clock)
                };
                if let Some(conflict) = conflict {
                    let twice = self.is_output && write && conflict.other_workgroup && conflict.was_write;
                    let finding = if twice {
                        &mut findings.double_write
                    } else {
                        &mut findings.race
                    };
                    find(finding, lane, offset, conflict);
                }
            }
        }
    }
}

/// Sectors that the bytes `offset + start .. offset + end` of each lane touch, summed over subgroups.
fn count_sectors(lanes: &Lanes<'_>, pattern: Pattern, start: u32, end: u32, scratch: &mut Vec<u32>) -> u64 {
    let of_range = |first: u32, end: u32| u64::from((end - 1) / SECTOR - first / SECTOR) + 1;
    match pattern {
        Pattern::Uniform(offset) => {
            let each = of_range(offset + start, offset + end);
            each * lanes.subgroups().filter(|(_, mask)| mask.contains(&1)).count() as u64
        }
        // With steps up to the size of an access no sector in between is left out.
        Pattern::Linear { step, .. } if step <= (end - start).max(SECTOR) => lanes
            .subgroups()
            .filter_map(|(offsets, _)| offsets.first().zip(offsets.last()))
            .map(|(first, last)| of_range(first + start, last + end))
            .sum(),
        _ => lanes
            .subgroups()
            .map(|(offsets, mask)| sectors(offsets, mask, start, end, scratch))
            .sum(),
    }
}
