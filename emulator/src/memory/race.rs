//! Who touched a location last, and whether a barrier lies between.
//!
//! Time is counted in *stamps*: every barrier and every new workgroup of a worker begins a new one. A record of an
//! access is its stamp, lane and site. Two accesses by different lanes are ordered if a barrier that both took part
//! in lies between: for lanes of different subgroups a workgroup barrier, for lanes of one subgroup a subgroup
//! barrier too. Accesses of different workgroups are never ordered.
//!
//! A location remembers its last write and a summary of its reads since then. That suffices to find a race for
//! every location that has one, though not to name every pair.

/// Locations per lazily created page.
pub(crate) const PAGE: usize = 512;

const LANE_BITS: u32 = 14;
const LANE_MASK: u64 = (1 << LANE_BITS) - 1;
const KIND_SHIFT: u32 = LANE_BITS;
const KIND_MASK: u64 = 3 << KIND_SHIFT;
const STICKY: u64 = 1 << 16;
const SITE_SHIFT: u32 = 17;
const SITE_UNKNOWN: u32 = (1 << 15) - 1;

/// Stamps of one address space for one workgroup.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    next: u32,
    /// When the workgroup began.
    start: u32,
    /// When the last workgroup barrier was.
    base: u32,
    /// When the last barrier of each subgroup was.
    subgroups: Vec<u32>,
    subgroup_shift: u32,
    /// The bits in which records of a subgroup agree unless they stand for lanes of several.
    subgroup_mask: u64,
    /// Whether records of other workgroups are of the same memory.
    outlives_workgroups: bool,
}

impl Clock {
    /// `subgroup_size` is a power of two.
    pub(crate) fn new(lanes: u32, subgroup_size: u32, outlives_workgroups: bool) -> Self {
        let subgroups = vec![1; lanes.div_ceil(subgroup_size) as usize];
        let subgroup_shift = subgroup_size.trailing_zeros();
        Self {
            next: 2,
            start: 1,
            base: 1,
            subgroups,
            subgroup_shift,
            subgroup_mask: LANE_MASK << subgroup_shift & LANE_MASK | (Lanes::Many as u64) << KIND_SHIFT,
            outlives_workgroups,
        }
    }

    /// Begins a workgroup. `true` if stamps start over and older records have to be forgotten.
    pub(crate) fn begin_workgroup(&mut self) -> bool {
        // Half of the stamps stay for barriers within the workgroup.
        let wrapped = self.next >= u32::MAX / 2;
        if wrapped {
            self.next = 1;
        }
        self.barrier();
        self.start = self.base;
        wrapped
    }

    pub(crate) fn barrier(&mut self) {
        self.base = self.next;
        self.next = self.next.saturating_add(1);
        self.subgroups.fill(self.base);
    }

    pub(crate) fn subgroup_barrier(&mut self, subgroup: u32) {
        if let Some(stamp) = self.subgroups.get_mut(subgroup as usize) {
            *stamp = self.next;
            self.next = self.next.saturating_add(1);
        }
    }

    /// When the workgroup at hand began.
    pub(crate) fn start(&self) -> u32 {
        self.start
    }

    /// Whether a record is of another workgroup that accessed the same memory.
    fn is_of_other_workgroup(&self, record: Record) -> bool {
        self.outlives_workgroups && record.stamp() != 0 && record.stamp() < self.start
    }

    /// Whether a barrier, or the start of a workgroup with memory of its own, lies between a record and now.
    fn is_ordered(&self, record: Record) -> bool {
        record.stamp() < self.base && !self.is_of_other_workgroup(record)
    }

    /// An access that a lane makes now.
    #[inline]
    pub(crate) fn access(&self, lane: u32, site: u32) -> Record {
        Record::new(self.now(lane), lane, Lanes::One, site, false)
    }

    fn subgroup(&self, lane: u32) -> u32 {
        lane >> self.subgroup_shift
    }

    fn now(&self, lane: u32) -> u32 {
        self.subgroups
            .get(self.subgroup(lane) as usize)
            .copied()
            .unwrap_or(self.base)
    }
}

/// A packed access: stamp, lane or lanes, and site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record(u64);

/// Which lanes a record stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Lanes {
    One = 0,
    /// Several of one subgroup, that of the lane.
    ManyOfSubgroup = 1,
    /// Several of several subgroups.
    Many = 2,
}

impl Record {
    fn new(stamp: u32, lane: u32, lanes: Lanes, site: u32, sticky: bool) -> Self {
        let lane = u64::from(lane & ((1 << LANE_BITS) - 1));
        let kind = (lanes as u64) << KIND_SHIFT;
        let site = u64::from(site.min(SITE_UNKNOWN)) << SITE_SHIFT;
        Self(u64::from(stamp) << 32 | site | kind | lane | if sticky { STICKY } else { 0 })
    }

    pub(crate) fn stamp(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) fn lane(self) -> u32 {
        self.0 as u32 & ((1 << LANE_BITS) - 1)
    }

    /// The instruction that made the access, if its number fits into the record.
    pub(crate) fn site(self) -> Option<u32> {
        let site = (self.0 as u32) >> SITE_SHIFT;
        (site != SITE_UNKNOWN).then_some(site)
    }

    fn lanes(self) -> Lanes {
        match (self.0 >> KIND_SHIFT) & 3 {
            0 => Lanes::One,
            1 => Lanes::ManyOfSubgroup,
            _ => Lanes::Many,
        }
    }

    /// Whether the record stands for several lanes.
    pub(crate) fn is_of_many(self) -> bool {
        self.lanes() != Lanes::One
    }

    /// Whether workgroups before the one of the stamp have records too (reads only).
    fn is_sticky(self) -> bool {
        self.0 & STICKY != 0
    }

    /// Whether an access of a lane happens without a barrier after this one by another lane.
    fn races_with(self, lane: u32, clock: &Clock) -> bool {
        if self.stamp() < clock.base {
            return false;
        }
        if clock.subgroup(self.lane()) != clock.subgroup(lane) || self.lanes() == Lanes::Many {
            return true;
        }
        let unordered = self.stamp() >= clock.now(lane);
        unordered && (self.lanes() == Lanes::ManyOfSubgroup || self.lane() != lane)
    }

    /// Whether this access of workgroup memory is ordered before one that a lane makes now.
    #[inline]
    fn is_over(self, access: Self, clock: &Clock) -> bool {
        let other = self.0 ^ access.0;
        self.stamp() < clock.base
            || other & (LANE_MASK | KIND_MASK) == 0
            || other & clock.subgroup_mask == 0 && self.stamp() < access.stamp()
    }

    /// The summary of this read, made by a lane now, and of others since the last workgroup barrier, not all ordered before it.
    #[inline]
    fn joined_with(self, others: Self, clock: &Clock) -> Self {
        if (others.0 ^ self.0) & clock.subgroup_mask == 0 {
            return Self(self.0 | (Lanes::ManyOfSubgroup as u64) << KIND_SHIFT);
        }
        let last = if others.stamp() > self.stamp() {
            others
        } else {
            self
        };
        let stamp = last.0 & !u64::from(u32::MAX);
        Self(stamp | self.0 & u64::from(u32::MAX) | (Lanes::Many as u64) << KIND_SHIFT)
    }
}

/// What is known about one location.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) write: Record,
    pub(crate) read: Record,
}

/// The earlier access of a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) earlier: Record,
    pub(crate) was_write: bool,
    /// Whether it was made by another workgroup.
    pub(crate) other_workgroup: bool,
}

impl Cell {
    /// Whether nobody has touched the location since a barrier that ended all of its past: no access can conflict, and nothing need be remembered.
    #[inline]
    fn is_of_the_past(&self, clock: &Clock) -> bool {
        clock.is_ordered(self.write) && clock.is_ordered(self.read) && !self.read.is_sticky()
    }

    /// [`Cell::read`] of memory of the workgroup alone, where the last write is ordered before it and was made at `start` or later; `false` if
    /// that is not so.
    #[inline]
    pub(crate) fn read_ordered(&mut self, access: Record, start: u32, clock: &Clock) -> bool {
        if self.write.stamp() < start || !self.write.is_over(access, clock) {
            return false;
        }
        self.read = if self.read.is_over(access, clock) {
            access
        } else {
            access.joined_with(self.read, clock)
        };
        true
    }

    /// [`Cell::write`] of memory of the workgroup alone, where all earlier accesses are ordered before it; `false` if they are not.
    #[inline]
    pub(crate) fn write_ordered(&mut self, access: Record, clock: &Clock) -> bool {
        let ordered = self.write.is_over(access, clock) && self.read.is_over(access, clock);
        if ordered {
            self.write = access;
        }
        ordered
    }

    /// Notes that the location has a value, without a claim to order (atomic operations).
    pub(crate) fn mark_written(&mut self, lane: u32, site: u32, clock: &Clock) {
        self.write = Record::new(clock.now(lane), lane, Lanes::One, site, false);
    }

    #[inline]
    pub(crate) fn read(&mut self, lane: u32, site: u32, clock: &Clock) -> Option<Conflict> {
        if self.is_of_the_past(clock) {
            self.read = Record::new(clock.now(lane), lane, Lanes::One, site, false);
            return None;
        }
        self.read_again(lane, site, clock)
    }

    fn read_again(&mut self, lane: u32, site: u32, clock: &Clock) -> Option<Conflict> {
        let conflict = conflict_with(self.write, true, lane, clock);
        let (old, now) = (self.read, clock.now(lane));
        let sticky = old.is_sticky() || clock.is_of_other_workgroup(old);
        let lanes = if old.stamp() < clock.base || (old.lanes() == Lanes::One && old.lane() == lane) {
            Lanes::One
        } else if old.lanes() == Lanes::Many || clock.subgroup(old.lane()) != clock.subgroup(lane) {
            Lanes::Many
        } else if old.stamp() < now {
            Lanes::One
        } else {
            Lanes::ManyOfSubgroup
        };
        self.read = Record::new(
            now.max(if lanes == Lanes::Many { old.stamp() } else { 0 }),
            lane,
            lanes,
            site,
            sticky,
        );
        conflict
    }

    #[inline]
    pub(crate) fn write(&mut self, lane: u32, site: u32, clock: &Clock) -> Option<Conflict> {
        if self.is_of_the_past(clock) {
            self.mark_written(lane, site, clock);
            return None;
        }
        self.write_again(lane, site, clock)
    }

    fn write_again(&mut self, lane: u32, site: u32, clock: &Clock) -> Option<Conflict> {
        let conflict = conflict_with(self.write, true, lane, clock).or_else(|| {
            if self.read.is_sticky() {
                return Some(Conflict {
                    earlier: self.read,
                    was_write: false,
                    other_workgroup: true,
                });
            }
            conflict_with(self.read, false, lane, clock)
        });
        self.mark_written(lane, site, clock);
        conflict
    }
}

fn conflict_with(earlier: Record, was_write: bool, lane: u32, clock: &Clock) -> Option<Conflict> {
    let other_workgroup = clock.is_of_other_workgroup(earlier);
    (other_workgroup || earlier.races_with(lane, clock)).then_some(Conflict {
        earlier,
        was_write,
        other_workgroup,
    })
}

/// Cells of a buffer, created when they are first touched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages {
    pages: Vec<Option<Box<[Cell; PAGE]>>>,
}

impl Pages {
    pub(crate) fn new(locations: usize) -> Self {
        Self {
            pages: vec![None; locations.div_ceil(PAGE)],
        }
    }

    /// The cells of a page, of which there are [`PAGE`].
    pub(crate) fn page(&mut self, page: usize) -> &mut [Cell] {
        match self.pages.get_mut(page) {
            Some(page) => page
                .get_or_insert_with(|| Box::new([Cell::default(); PAGE]))
                .as_mut_slice(),
            None => &mut [],
        }
    }

    pub(crate) fn clear(&mut self) {
        self.pages.fill(None);
    }

    /// Whether accesses of two workers, who never run the same workgroup, conflict.
    pub(crate) fn conflicts_with(&self, other: &Self) -> bool {
        self.pages.iter().zip(&other.pages).any(|(a, b)| match (a, b) {
            (Some(a), Some(b)) => a.iter().zip(b.iter()).any(|(a, b)| {
                let (writes_a, writes_b) = (a.write.stamp() != 0, b.write.stamp() != 0);
                let touches = |cell: &Cell| cell.write.stamp() != 0 || cell.read.stamp() != 0;
                writes_a && touches(b) || writes_b && touches(a)
            }),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        let mut clock = Clock::new(64, 8, true);
        clock.begin_workgroup();
        clock
    }

    #[test]
    fn accesses_of_one_lane_never_race() {
        let (mut cell, clock) = (Cell::default(), clock());
        assert_eq!(cell.write(3, 0, &clock), None);
        assert_eq!(cell.read(3, 1, &clock), None);
        assert_eq!(cell.write(3, 2, &clock), None);
    }

    #[test]
    fn a_write_and_a_read_race_unless_a_barrier_lies_between() {
        let (mut cell, mut clock) = (Cell::default(), clock());
        cell.write(3, 7, &clock);
        let conflict = cell.read(4, 8, &clock).unwrap();
        assert_eq!(
            (
                conflict.earlier.lane(),
                conflict.earlier.site(),
                conflict.was_write
            ),
            (3, Some(7), true)
        );
        clock.barrier();
        assert_eq!(cell.read(5, 8, &clock), None);
        assert!(cell.write(6, 9, &clock).is_some());
        clock.barrier();
        assert_eq!(cell.write(7, 9, &clock), None);
    }

    #[test]
    fn a_subgroup_barrier_orders_lanes_of_its_subgroup_only() {
        let (mut cell, mut clock) = (Cell::default(), clock());
        cell.write(0, 0, &clock);
        clock.subgroup_barrier(0);
        assert_eq!(cell.read(1, 1, &clock), None);
        assert!(cell.read(8, 1, &clock).is_some());
    }

    #[test]
    fn a_reader_is_not_forgotten_when_its_neighbour_reads_too() {
        let (mut cell, clock) = (Cell::default(), clock());
        cell.read(0, 0, &clock);
        cell.read(1, 0, &clock);
        assert!(cell.write(1, 1, &clock).is_some());
    }

    #[test]
    fn readers_of_several_subgroups_race_with_a_writer_after_a_subgroup_barrier() {
        let (mut cell, mut clock) = (Cell::default(), clock());
        cell.read(0, 0, &clock);
        cell.read(9, 0, &clock);
        clock.subgroup_barrier(0);
        assert!(cell.write(0, 1, &clock).is_some());
    }

    #[test]
    fn a_read_of_an_earlier_workgroup_is_not_forgotten() {
        let (mut cell, mut clock) = (Cell::default(), clock());
        cell.read(0, 0, &clock);
        clock.begin_workgroup();
        assert_eq!(cell.read(0, 0, &clock), None);
        assert!(cell.write(0, 1, &clock).unwrap().other_workgroup);
    }

    #[test]
    fn workgroup_memory_is_other_memory_in_every_workgroup() {
        let (mut cell, mut clock) = (Cell::default(), Clock::new(64, 8, false));
        for _ in 0..3 {
            clock.begin_workgroup();
            assert!(cell.write.stamp() < clock.start());
            assert_eq!(cell.write(0, 0, &clock), None);
            clock.barrier();
            assert_eq!(cell.read(1, 1, &clock), None);
            assert!(!cell.write(2, 2, &clock).unwrap().other_workgroup);
        }
    }

    #[test]
    fn workers_conflict_where_one_writes_what_the_other_touches() {
        let clock = clock();
        let (mut a, mut b) = (Pages::new(2000), Pages::new(2000));
        a.page(2)[500].read(0, 0, &clock);
        b.page(2)[500].read(0, 0, &clock);
        a.page(0)[3].write(0, 0, &clock);
        b.page(0)[4].write(0, 0, &clock);
        assert!(!a.conflicts_with(&b));
        b.page(0)[3].read(0, 0, &clock);
        assert!(a.conflicts_with(&b) && b.conflicts_with(&a));
    }
}
