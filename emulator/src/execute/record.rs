//! What a worker learns about buffers and workgroup memory from each access.

use super::SKIP;
use super::machine::BoundBuffer;
use crate::bytecode::{Code, Pc};
use crate::counters::WorkgroupTraffic;
use crate::layout::Leaf;
use crate::memory::race::{Cell, Clock, Conflict, Pages};
use crate::memory::traffic::{Touched, bank_conflicts, sectors};

/// The lanes of an access.
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

/// What is done to each scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    Read,
    Write,
    Atomic { reads: bool, writes: bool },
}

impl Touch {
    fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Atomic { reads: true, .. })
    }

    fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Atomic { writes: true, .. })
    }
}

/// The first lane to which something happened, and how many there were.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finding<T> {
    pub(super) lane: u32,
    pub(super) offset: u32,
    pub(super) count: u64,
    pub(super) what: T,
}

/// What was wrong with an access.
#[derive(Clone, Copy, Debug, Default)]
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

impl Lanes<'_> {
    /// Lane and offset of each lane that accesses memory.
    #[inline]
    fn each(&self) -> impl Iterator<Item = (u32, u32)> {
        let collective = self.collective;
        (self.start..)
            .zip(self.offsets.iter().zip(self.mask))
            .filter(|&(_, (&offset, &active))| active != 0 && offset != SKIP)
            .map(move |(lane, (&offset, _))| (collective.unwrap_or(lane), offset))
    }

    /// The offsets and masks of each subgroup.
    fn subgroups(&self) -> impl Iterator<Item = (&[u32], &[u32])> {
        let size = if self.collective.is_some() {
            self.offsets.len().max(1)
        } else {
            self.subgroup_size as usize
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
        let count = lanes.each().count() as u64;
        let (Some(first), Some(last)) = (leaves.first(), leaves.last()) else {
            return findings;
        };
        let bytes = count
            * leaves
                .iter()
                .map(|leaf| u64::from(leaf.scalar.width()))
                .sum::<u64>();
        let end = last.offset + last.scalar.width();
        let touched = lanes
            .subgroups()
            .map(|(offsets, mask)| sectors(offsets, mask, first.offset, end, scratch))
            .sum::<u64>();
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
        for leaf in leaves {
            let locations = (leaf.scalar.width() >> self.shift).max(1);
            for (lane, offset) in lanes.each() {
                let offset = offset.wrapping_add(leaf.offset);
                let location = offset >> self.shift;
                for location in location..location + locations {
                    self.touch_location(location, lane, offset, touch, pc, clock, &mut findings);
                }
            }
        }
        findings
    }

    #[inline]
    #[expect(
        clippy::too_many_arguments,
        reason = "the innermost step of `touch`, split off to be readable"
    )]
    fn touch_location(
        &mut self,
        location: u32,
        lane: u32,
        offset: u32,
        touch: Touch,
        pc: Pc,
        clock: &Clock,
        findings: &mut Findings,
    ) {
        if touch.reads() {
            self.read.insert(location);
        }
        if touch.writes() {
            self.written.insert(location);
        }
        let Some(cell) = self
            .pages
            .as_mut()
            .and_then(|pages| pages.cell(location as usize))
        else {
            return;
        };
        let conflict = match touch {
            Touch::Read => cell.read(lane, pc, clock),
            Touch::Write => cell.write(lane, pc, clock),
            // WGSL lets nobody access an atomic in another way, hence nothing can race with it.
            Touch::Atomic { .. } => None,
        };
        if let Some(conflict) = conflict {
            let twice =
                self.is_output && conflict.other_workgroup && conflict.was_write && touch == Touch::Write;
            let finding = if twice {
                &mut findings.double_write
            } else {
                &mut findings.race
            };
            find(finding, lane, offset, conflict);
        }
    }
}

/// Workgroup memory and what is known about it.
#[derive(Debug)]
pub(crate) struct WorkgroupMemory {
    pub(super) words: Vec<u32>,
    cells: Vec<Cell>,
    /// log2 of the bytes of a location.
    shift: u32,
    pub(super) clock: Clock,
    pub(crate) traffic: WorkgroupTraffic,
    pub(crate) scalars: u64,
}

impl WorkgroupMemory {
    pub(super) fn new(code: &Code, subgroup_size: u32, checked: bool) -> Self {
        let narrow = code
            .workgroup_variables
            .iter()
            .any(|variable| variable.layout.has_narrow_scalars());
        let shift = if narrow { 1 } else { 2 };
        let cells = if checked {
            code.workgroup_bytes as usize >> shift
        } else {
            0
        };
        Self {
            words: vec![0; code.workgroup_bytes as usize / 4],
            cells: vec![Cell::default(); cells],
            shift,
            clock: Clock::new(code.lanes(), subgroup_size, false),
            traffic: WorkgroupTraffic::default(),
            scalars: 0,
        }
    }

    pub(super) fn begin_workgroup(&mut self) {
        if self.clock.begin_workgroup() {
            self.cells.fill(Cell::default());
        }
    }

    /// Notes an access of some lanes to some scalars of a place.
    pub(super) fn touch(
        &mut self,
        lanes: &Lanes<'_>,
        leaves: &[Leaf],
        touch: Touch,
        pc: Pc,
        zero_initialized: bool,
        scratch: &mut Vec<u32>,
    ) -> Findings {
        let mut findings = Findings::default();
        let count = lanes.each().count() as u64;
        let bytes = count
            * leaves
                .iter()
                .map(|leaf| u64::from(leaf.scalar.width()))
                .sum::<u64>();
        if touch.reads() {
            self.traffic.bytes_read += bytes;
        }
        if touch.writes() {
            self.traffic.bytes_written += bytes;
        }
        if let Touch::Atomic { .. } = touch {
            self.traffic.atomics += count;
        }
        self.scalars += count * leaves.len() as u64;
        for (offsets, mask) in lanes.subgroups() {
            scratch.clear();
            for (&offset, _) in offsets
                .iter()
                .zip(mask)
                .filter(|&(&o, &active)| active != 0 && o != SKIP)
            {
                scratch.extend(leaves.iter().map(|leaf| offset.wrapping_add(leaf.offset) >> 2));
            }
            self.traffic.bank_conflicts += bank_conflicts(scratch);
        }
        for leaf in leaves {
            let locations = (leaf.scalar.width() >> self.shift).max(1);
            for (lane, offset) in lanes.each() {
                let offset = offset.wrapping_add(leaf.offset);
                let first = (offset >> self.shift) as usize;
                for location in first..first + locations as usize {
                    let Some(cell) = self.cells.get_mut(location) else {
                        continue;
                    };
                    if touch.reads() && !zero_initialized && !cell.is_written(&self.clock) {
                        find(&mut findings.uninitialized, lane, offset, ());
                    }
                    let conflict = match touch {
                        Touch::Read => cell.read(lane, pc, &self.clock),
                        Touch::Write => cell.write(lane, pc, &self.clock),
                        Touch::Atomic { writes, .. } => {
                            if writes {
                                cell.mark_written(lane, pc, &self.clock);
                            }
                            None
                        }
                    };
                    if let Some(conflict) = conflict {
                        find(&mut findings.race, lane, offset, conflict);
                    }
                }
            }
        }
        findings
    }
}
