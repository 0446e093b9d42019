//! Workgroup memory, and what a worker learns about it from each access.

use std::ops::Range;

use super::SKIP;
use super::lanes::{Lanes, Pattern};
use super::record::{Finding, Findings, Touch};
use crate::bytecode::{Code, Pc};
use crate::counters::WorkgroupTraffic;
use crate::layout::Leaf;
use crate::memory::race::{Cell, Clock, Conflict, Record};
use crate::memory::traffic::bank_conflicts;

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
        self.count(lanes, leaves, touch);
        let block = Block::of(leaves);
        let parts = match &block {
            Some(block) => std::slice::from_ref(block),
            None => &leaves
                .iter()
                .map(|&leaf| Block::of_leaf(leaf))
                .collect::<Vec<_>>(),
        };
        self.traffic.bank_conflicts += conflicts(lanes, parts, scratch);
        let since = if touch.reads() && !zero_initialized {
            self.clock.start()
        } else {
            0
        };
        let mut search = Search {
            touch,
            pc,
            since,
            uninitialized: Earliest::default(),
            race: Earliest::default(),
        };
        let mut scalar = 0;
        for part in parts {
            let what = (scalar, part);
            match touch {
                Touch::Read => self.visit(lanes, what, &mut search, |cell, access, clock| {
                    cell.read_ordered(access, since, clock)
                }),
                Touch::Write => self.visit(lanes, what, &mut search, Cell::write_ordered),
                Touch::Atomic { .. } => self.visit(lanes, what, &mut search, |_, _, _| false),
            }
            scalar += part.size / part.width;
        }
        Findings {
            race: search.race.finding,
            double_write: None,
            uninitialized: search.uninitialized.finding,
        }
    }

    fn count(&mut self, lanes: &Lanes<'_>, leaves: &[Leaf], touch: Touch) {
        let count = lanes.count();
        let size = leaves
            .iter()
            .map(|leaf| u64::from(leaf.scalar.width()))
            .sum::<u64>();
        if touch.reads() {
            self.traffic.bytes_read += count * size;
        }
        if touch.writes() {
            self.traffic.bytes_written += count * size;
        }
        if let Touch::Atomic { .. } = touch {
            self.traffic.atomics += count;
        }
        self.scalars += count * leaves.len() as u64;
    }

    /// Visits the locations that lanes access, lane by lane: these are places of one type, hence the same or apart, and no location shows
    /// in which order a lane accesses its scalars. `note` does what most locations need, and says whether it suffices.
    #[inline(always)]
    fn visit(
        &mut self,
        lanes: &Lanes<'_>,
        (scalar, block): (u32, &Block),
        search: &mut Search,
        note: impl Fn(&mut Cell, Record, &Clock) -> bool,
    ) {
        let (clock, pc) = (&self.clock, search.pc);
        let locations = (block.size >> self.shift).max(1) as usize;
        let collective = lanes.collective.map(|lane| clock.access(lane, pc));
        for (lane, offset) in lanes.each() {
            let offset = offset.wrapping_add(block.start);
            let first = (offset >> self.shift) as usize;
            let Some(cells) = self.cells.get_mut(first..first + locations) else {
                continue;
            };
            let access = collective.unwrap_or_else(|| clock.access(lane, pc));
            for (i, cell) in (0..).zip(cells) {
                if !note(cell, access, clock) {
                    let within = |bytes: u32| {
                        (
                            scalar + bytes / block.width,
                            offset + bytes / block.width * block.width,
                        )
                    };
                    search.look_at(cell, lane, clock, || within(i << self.shift));
                }
            }
        }
    }
}

/// Scalars of one width without a gap between.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// First byte.
    start: u32,
    /// Bytes of all.
    size: u32,
    /// Bytes of each.
    width: u32,
}

impl Block {
    fn of_leaf(leaf: Leaf) -> Self {
        let width = leaf.scalar.width();
        Self {
            start: leaf.offset,
            size: width,
            width,
        }
    }

    fn of(leaves: &[Leaf]) -> Option<Self> {
        let mut leaves = leaves.iter().map(|&leaf| Self::of_leaf(leaf));
        let first = leaves.next()?;
        leaves.try_fold(first, |all, leaf| {
            let next = leaf.width == all.width && leaf.start == all.start + all.size;
            next.then_some(Self {
                size: all.size + leaf.size,
                ..all
            })
        })
    }

    /// The words of the block at the first offset, the last one, and all between.
    fn words(&self, first: u32, last: u32) -> Range<u32> {
        let (start, end) = (first.wrapping_add(self.start), last.wrapping_add(self.start));
        start >> 2..end.wrapping_add(self.size).div_ceil(4)
    }

    /// Whether a step between lanes leaves out no word.
    fn is_gapless(&self, step: u32) -> bool {
        step <= self.size.max(4)
    }
}

/// Bank conflicts of all subgroups.
fn conflicts(lanes: &Lanes<'_>, blocks: &[Block], scratch: &mut Vec<u32>) -> u64 {
    if let [block] = blocks {
        // Words without a gap fill the banks in turn.
        match lanes.pattern() {
            Pattern::Uniform(_) => return 0,
            Pattern::Linear { step, .. } if block.is_gapless(step) => return 0,
            _ => {}
        }
    }
    lanes
        .subgroups()
        .map(|(offsets, mask)| conflicts_of_subgroup(offsets, mask, blocks, scratch))
        .sum()
}

fn conflicts_of_subgroup(offsets: &[u32], mask: &[u32], blocks: &[Block], scratch: &mut Vec<u32>) -> u64 {
    let lanes = || offsets.iter().zip(mask);
    let least = lanes().map(|(&offset, &active)| if active != 0 { offset } else { SKIP });
    let most = lanes().map(|(&offset, &active)| if active != 0 && offset != SKIP { offset } else { 0 });
    let least = least.fold(SKIP, u32::min);
    if least == SKIP {
        return 0;
    }
    let most = most.fold(0, u32::max);
    let all = blocks.iter().map(|block| block.words(least, most));
    let all = all
        .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
        .unwrap_or(0..0);
    match blocks {
        [block] if mask.iter().all(|&active| active != 0) => {
            let runs = offsets.chunk_by(|&a, &b| a != SKIP && block.is_gapless(b.wrapping_sub(a)));
            let words = runs.filter_map(|run| match run {
                [SKIP, ..] | [] => None,
                [one] => Some(block.words(*one, *one)),
                [first, .., last] => Some(block.words(*first, *last)),
            });
            bank_conflicts(all, words, scratch)
        }
        _ => {
            let active = lanes().filter(|&(&offset, &active)| active != 0 && offset != SKIP);
            let words =
                active.flat_map(|(&offset, _)| blocks.iter().map(move |block| block.words(offset, offset)));
            bank_conflicts(all, words, scratch)
        }
    }
}

/// What an access is searched for, and what is found.
#[derive(Debug)]
struct Search {
    touch: Touch,
    pc: Pc,
    /// A read of what nobody has written since is found.
    since: u32,
    uninitialized: Earliest<()>,
    race: Earliest<Conflict>,
}

impl Search {
    /// Looks at a location; `scalar` says which of the scalars it is of, and its offset.
    #[inline(never)]
    fn look_at(&mut self, cell: &mut Cell, lane: u32, clock: &Clock, scalar: impl Fn() -> (u32, u32)) {
        if cell.write.stamp() < self.since {
            self.uninitialized.add(lane, scalar(), ());
        }
        let conflict = match self.touch {
            Touch::Read => cell.read(lane, self.pc, clock),
            Touch::Write => cell.write(lane, self.pc, clock),
            Touch::Atomic { writes, .. } => {
                if writes {
                    cell.mark_written(lane, self.pc, clock);
                }
                None
            }
        };
        if let Some(conflict) = conflict {
            self.race.add(lane, scalar(), conflict);
        }
    }
}

/// The first of findings in the order of scalars, then of lanes; those of one scalar come in the order of lanes.
#[derive(Debug)]
struct Earliest<T> {
    scalar: u32,
    finding: Option<Finding<T>>,
}

impl<T> Default for Earliest<T> {
    fn default() -> Self {
        Self {
            scalar: u32::MAX,
            finding: None,
        }
    }
}

impl<T> Earliest<T> {
    fn add(&mut self, lane: u32, (scalar, offset): (u32, u32), what: T) {
        let count = self.finding.as_ref().map_or(0, |finding| finding.count) + 1;
        if scalar < self.scalar {
            self.scalar = scalar;
            self.finding = Some(Finding {
                lane,
                offset,
                count,
                what,
            });
        } else if let Some(finding) = &mut self.finding {
            finding.count = count;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::layout::ScalarType;
    use crate::schedule::mix;

    const LANES: u32 = 16;
    const SUBGROUP: u32 = 4;
    const BYTES: u32 = 1024;

    /// Numbers that look random.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: u32) -> u32 {
            self.0 += 1;
            (mix(self.0) % u64::from(end)) as u32
        }
    }

    fn memory(shift: u32) -> WorkgroupMemory {
        let mut memory = WorkgroupMemory {
            words: Vec::new(),
            cells: vec![Cell::default(); BYTES as usize >> shift],
            shift,
            clock: Clock::new(LANES, SUBGROUP, false),
            traffic: WorkgroupTraffic::default(),
            scalars: 0,
        };
        memory.begin_workgroup();
        memory
    }

    /// Looks at each location of each scalar of each lane by itself.
    fn touch_plainly(
        memory: &mut WorkgroupMemory,
        lanes: &Lanes<'_>,
        leaves: &[Leaf],
        touch: Touch,
        pc: Pc,
    ) -> Findings {
        let (mut uninitialized, mut race) = (Earliest::default(), Earliest::default());
        for leaf in leaves {
            for (lane, offset) in lanes.each() {
                let offset = offset + leaf.offset;
                for place in offset >> memory.shift..(offset + leaf.scalar.width()) >> memory.shift {
                    let cell = &mut memory.cells[place as usize];
                    if touch.reads() && cell.write.stamp() < memory.clock.start() {
                        uninitialized.add(lane, (0, offset), ());
                    }
                    let conflict = match touch {
                        Touch::Read => cell.read(lane, pc, &memory.clock),
                        _ => cell.write(lane, pc, &memory.clock),
                    };
                    if let Some(conflict) = conflict {
                        race.add(lane, (0, offset), conflict);
                    }
                }
            }
        }
        Findings {
            race: race.finding,
            double_write: None,
            uninitialized: uninitialized.finding,
        }
    }

    fn conflicts_plainly(lanes: &Lanes<'_>, leaves: &[Leaf]) -> u64 {
        let of_subgroup = |(offsets, mask): (&[u32], &[u32])| {
            let mut words = BTreeSet::new();
            for (&offset, _) in offsets.iter().zip(mask).filter(|&(&o, &m)| m != 0 && o != SKIP) {
                words.extend(leaves.iter().map(|leaf| (offset + leaf.offset) / 4));
            }
            let fullest = (0..32).map(|bank| words.iter().filter(|&word| word % 32 == bank).count());
            (fullest.max().unwrap_or(0) - words.len().div_ceil(32)) as u64
        };
        lanes.subgroups().map(of_subgroup).sum()
    }

    fn leaves(random: &mut Random, shift: u32) -> (Vec<Leaf>, u32) {
        let scalar = if shift == 1 && random.below(2) == 0 {
            ScalarType::F16
        } else {
            ScalarType::U32
        };
        let width = scalar.width();
        // With a gap after the second scalar, or without.
        let gap = random.below(4) / 3 * width;
        let leaf = |i: u32| Leaf {
            offset: i * width + if i < 2 { 0 } else { gap },
            scalar,
        };
        let count = 1 + random.below(4);
        let size = (count * width + gap).next_multiple_of(width.max(4));
        ((0..count).map(leaf).collect(), size + random.below(3) / 2 * 16)
    }

    fn offsets(random: &mut Random, stride: u32, count: usize) -> Vec<u32> {
        // Few places, so that lanes meet.
        let places = (BYTES / stride).min([4, 24, 1024][random.below(3) as usize]);
        let first = random.below(places);
        let kind = random.below(4);
        let place = |i: u32, random: &mut Random| match kind {
            0 => first,
            1 => i % places,
            2 => i / 4 % places,
            _ => random.below(places),
        };
        let mut offsets = (0..count as u32)
            .map(|i| place(i, random) * stride)
            .collect::<Vec<_>>();
        if random.below(8) == 0 {
            offsets[random.below(count as u32) as usize] = SKIP;
        }
        offsets
    }

    /// One random access or barrier of both memories, and whether something is found.
    fn step(random: &mut Random, fast: &mut WorkgroupMemory, plain: &mut WorkgroupMemory, pc: Pc) -> bool {
        let subgroup = random.below(LANES / SUBGROUP);
        let mut both = |change: &dyn Fn(&mut WorkgroupMemory)| {
            change(fast);
            change(plain);
            false
        };
        match random.below(16) {
            0 => both(&|memory| memory.begin_workgroup()),
            1 | 2 => both(&|memory| memory.clock.barrier()),
            3..6 => both(&|memory| memory.clock.subgroup_barrier(subgroup)),
            kind => {
                let (leaves, stride) = leaves(random, fast.shift);
                let (start, count) = match random.below(3) {
                    0 => (0, LANES),
                    _ => (subgroup * SUBGROUP, SUBGROUP),
                };
                let offsets = offsets(random, stride, count as usize);
                let sparse = random.below(3) == 0;
                let mask = (0..count).map(|_| u32::from(!sparse || random.below(2) == 0));
                let lanes = Lanes {
                    offsets: &offsets,
                    mask: &mask.collect::<Vec<_>>(),
                    start,
                    subgroup_size: SUBGROUP,
                    collective: (random.below(6) == 0).then_some(start),
                };
                let touch = if kind < 9 { Touch::Write } else { Touch::Read };
                let conflicts = fast.traffic.bank_conflicts + conflicts_plainly(&lanes, &leaves);
                let found = fast.touch(&lanes, &leaves, touch, pc, false, &mut Vec::new());
                let expected = touch_plainly(plain, &lanes, &leaves, touch, pc);
                assert_eq!(found, expected, "{touch:?} {lanes:?} {leaves:?}");
                assert_eq!(fast.traffic.bank_conflicts, conflicts, "{lanes:?} {leaves:?}");
                found != Findings::default()
            }
        }
    }

    #[test]
    fn an_access_finds_what_a_look_at_each_lane_finds() {
        let mut found = 0;
        for seed in 0..400 {
            let mut random = Random(seed << 32);
            let shift = 1 + random.below(2);
            let (mut fast, mut plain) = (memory(shift), memory(shift));
            for pc in 0..200 {
                found += u32::from(step(&mut random, &mut fast, &mut plain, pc));
                let records = |memory: &WorkgroupMemory| {
                    let cells = memory.cells.iter();
                    cells.map(|cell| (cell.write, cell.read)).collect::<Vec<_>>()
                };
                assert_eq!(records(&fast), records(&plain), "seed {seed}, step {pc}");
            }
        }
        assert!((10_000..60_000).contains(&found), "{found} of 80000");
    }
}
