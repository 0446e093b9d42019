//! Subgroup operations.

use std::ops::Range;

use super::half::{half_from_bits, round_half};
use super::machine::Machine;
use super::wave::Wave;
use crate::bytecode::{Pc, Reduction, SubgroupAccess, SubgroupOp};
use crate::fault::FaultKind;
use crate::layout::ScalarType;
use crate::schedule::{Order, mix};

impl Machine<'_> {
    pub(super) fn subgroup<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc, operation: u32) {
        let Some(access) = self.dispatch.code.subgroup_operations.get(operation as usize) else {
            return;
        };
        for subgroup in self.subgroups(wave) {
            if CHECKED {
                self.check_subgroup(wave, pc, &subgroup, FaultKind::DivergentCollective);
                self.subgroup_operations += access.values.len() as u64;
            }
            let mask = self.masks.row(wave.active().0, subgroup.clone());
            let active = subgroup
                .clone()
                .zip(mask)
                .filter(|&(_, &on)| on != 0)
                .map(|(lane, _)| lane);
            let active = active
                .filter(|lane| wave.active().1.lanes().contains(lane))
                .collect::<Vec<_>>();
            self.subgroup_operation(access, &subgroup, &active);
        }
    }

    pub(super) fn subgroup_barrier<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc) {
        for subgroup in self.subgroups(wave) {
            if CHECKED {
                self.check_subgroup(wave, pc, &subgroup, FaultKind::DivergentBarrier);
                self.subgroup_barriers += 1;
            }
            let number = subgroup.start as u32 / self.dispatch.subgroup_size;
            self.workgroup_memory.clock.subgroup_barrier(number);
            self.storage_clock.subgroup_barrier(number);
        }
    }

    /// Lanes of each subgroup that has active lanes.
    pub(super) fn subgroups(&self, wave: &Wave) -> Vec<Range<usize>> {
        let (slot, active) = wave.active();
        let size = self.dispatch.subgroup_size as usize;
        let range = active.lanes();
        if range.is_empty() {
            return Vec::new();
        }
        (range.start / size..range.end.div_ceil(size))
            .map(|number| number * size..((number + 1) * size).min(self.lanes as usize))
            .filter(|lanes| {
                let common = lanes.start.max(range.start)..lanes.end.min(range.end);
                self.masks.row(slot, common).contains(&1)
            })
            .collect()
    }

    /// Reports a subgroup of which a part only is active.
    pub(super) fn check_subgroup(&mut self, wave: &Wave, pc: Pc, subgroup: &Range<usize>, kind: FaultKind) {
        let (slot, active) = wave.active();
        let is_active =
            |lane: usize| active.lanes().contains(&lane) && self.masks.row(slot, lane..lane + 1) == [1];
        let Some(missing) = subgroup.clone().find(|&lane| !is_active(lane)) else {
            return;
        };
        let count = subgroup.clone().filter(|&lane| is_active(lane)).count();
        let (size, number) = (
            subgroup.len(),
            subgroup.start / self.dispatch.subgroup_size as usize,
        );
        self.fault(kind, pc, missing, 1, || {
            format!("{count} of {size} lanes of subgroup {number} get here, lane {missing} does not")
        });
    }

    fn subgroup_operation(&mut self, access: &SubgroupAccess, subgroup: &Range<usize>, active: &[usize]) {
        let scalar = access.scalar;
        let first = subgroup.start;
        match access.op {
            SubgroupOp::Ballot => {
                let mut words = [0u32; 4];
                for &lane in active {
                    let predicate = access
                        .values
                        .first()
                        .map_or(0, |&row| self.registers.get(row, lane));
                    let bit = lane - first;
                    words[bit / 32 % 4] |= predicate << (bit % 32);
                }
                for (row, word) in (access.dst..).zip(words) {
                    for &lane in active {
                        self.registers.set(row, lane, word);
                    }
                }
            }
            SubgroupOp::Reduce(reduction) => self.each_component(
                access,
                active,
                |values| {
                    let total = tree(reduction, scalar, values, 0, subgroup.len());
                    let total = total.unwrap_or_else(|| identity(reduction, scalar));
                    vec![total; values.len()]
                },
                first,
            ),
            SubgroupOp::Inclusive(reduction) | SubgroupOp::Exclusive(reduction) => {
                let inclusive = matches!(access.op, SubgroupOp::Inclusive(_));
                self.each_component(
                    access,
                    active,
                    |values| {
                        let mut sum = identity(reduction, scalar);
                        let scan = values.iter().map(|&(_, value)| {
                            let before = sum;
                            sum = combine(reduction, scalar, sum, value);
                            if inclusive { sum } else { before }
                        });
                        scan.collect()
                    },
                    first,
                );
            }
            SubgroupOp::BroadcastFirst => self.move_lanes(access, active, |_, _| active.first().copied()),
            SubgroupOp::Broadcast(row) => {
                self.move_lanes(access, active, |lane, at| Some(first + at(row, lane) as usize));
            }
            SubgroupOp::Shuffle(row) => {
                self.move_lanes(access, active, |lane, at| Some(first + at(row, lane) as usize));
            }
            SubgroupOp::ShuffleDown(row) => {
                self.move_lanes(access, active, |lane, at| {
                    lane.checked_add(at(row, lane) as usize)
                });
            }
            SubgroupOp::ShuffleUp(row) => {
                self.move_lanes(access, active, |lane, at| {
                    lane.checked_sub(at(row, lane) as usize)
                });
            }
            SubgroupOp::ShuffleXor(row) => {
                self.move_lanes(access, active, |lane, at| {
                    Some(first + ((lane - first) ^ at(row, lane) as usize))
                });
            }
            SubgroupOp::QuadBroadcast(row) => {
                self.move_lanes(access, active, |lane, at| {
                    Some(first + ((lane - first) & !3) + (at(row, lane) as usize & 3))
                });
            }
            SubgroupOp::QuadSwap(mask) => {
                self.move_lanes(access, active, |lane, _| {
                    Some(first + ((lane - first) ^ mask as usize))
                });
            }
        }
    }

    /// Computes each component from the values of the active lanes, given with their place in the subgroup.
    fn each_component(
        &mut self,
        access: &SubgroupAccess,
        active: &[usize],
        mut compute: impl FnMut(&[(usize, u32)]) -> Vec<u32>,
        first: usize,
    ) {
        for (&src, dst) in access.values.iter().zip(access.dst..) {
            let values = active
                .iter()
                .map(|&lane| (lane - first, self.registers.get(src, lane)))
                .collect::<Vec<_>>();
            for (&lane, result) in active.iter().zip(compute(&values)) {
                self.registers.set(dst, lane, result);
            }
        }
    }

    /// Gives each lane the value of another one; `from` gets a function that reads a row.
    fn move_lanes(
        &mut self,
        access: &SubgroupAccess,
        active: &[usize],
        from: impl Fn(usize, &dyn Fn(u32, usize) -> u32) -> Option<usize>,
    ) {
        let sources = {
            let at = |row: u32, lane: usize| self.registers.get(row, lane);
            active.iter().map(|&lane| from(lane, &at)).collect::<Vec<_>>()
        };
        for (&src, dst) in access.values.iter().zip(access.dst..) {
            let mut results = Vec::with_capacity(active.len());
            for (&lane, &source) in active.iter().zip(&sources) {
                results.push(
                    match source.filter(|source| active.binary_search(source).is_ok()) {
                        Some(source) => self.registers.get(src, source),
                        None => self.indeterminate(access.scalar, lane, self.registers.get(src, lane)),
                    },
                );
            }
            for (&lane, result) in active.iter().zip(results) {
                self.registers.set(dst, lane, result);
            }
        }
    }

    /// A value that WGSL leaves open: each schedule chooses another one, so that depending on it shows.
    fn indeterminate(&self, scalar: ScalarType, lane: usize, own: u32) -> u32 {
        match self.dispatch.schedule.lanes {
            Order::Forward => own,
            Order::Reverse => 0,
            Order::Shuffled(seed) => {
                let bits = mix(seed ^ lane as u64) as u32;
                match scalar {
                    ScalarType::F16 => half_from_bits(bits & 0xffff).to_bits(),
                    ScalarType::I16 => i32::from(bits as i16) as u32,
                    ScalarType::U16 => bits & 0xffff,
                    ScalarType::Bool => bits & 1,
                    _ => bits,
                }
            }
        }
    }
}

/// Reduces in the shape of a balanced tree over the places of a subgroup, as shuffles would.
fn tree(
    reduction: Reduction,
    scalar: ScalarType,
    values: &[(usize, u32)],
    start: usize,
    width: usize,
) -> Option<u32> {
    match values {
        [] => None,
        &[(_, value)] => Some(value),
        _ => {
            let half = width.next_power_of_two() / 2;
            let middle = values.partition_point(|&(place, _)| place < start + half);
            let (low, high) = values.split_at(middle);
            let low = tree(reduction, scalar, low, start, half);
            let high = tree(reduction, scalar, high, start + half, half);
            match (low, high) {
                (Some(low), Some(high)) => Some(combine(reduction, scalar, low, high)),
                (low, high) => low.or(high),
            }
        }
    }
}

fn identity(reduction: Reduction, scalar: ScalarType) -> u32 {
    match reduction {
        Reduction::Multiply if scalar.is_float() => 1f32.to_bits(),
        Reduction::Multiply | Reduction::All => 1,
        Reduction::And => u32::MAX,
        _ => 0,
    }
}

fn combine(reduction: Reduction, scalar: ScalarType, a: u32, b: u32) -> u32 {
    use Reduction as R;
    if scalar.is_float() {
        let (x, y) = (f32::from_bits(a), f32::from_bits(b));
        let result = match reduction {
            R::Add => x + y,
            R::Multiply => x * y,
            R::Min => x.min(y),
            _ => x.max(y),
        };
        return if scalar == ScalarType::F16 {
            round_half(result)
        } else {
            result
        }
        .to_bits();
    }
    let signed = scalar.is_signed();
    let result = match reduction {
        R::Add => a.wrapping_add(b),
        R::Multiply => a.wrapping_mul(b),
        R::Min if signed => (a as i32).min(b as i32) as u32,
        R::Max if signed => (a as i32).max(b as i32) as u32,
        R::Min => a.min(b),
        R::Max => a.max(b),
        R::All | R::And => a & b,
        R::Any | R::Or => a | b,
        R::Xor => a ^ b,
    };
    match scalar {
        ScalarType::I16 => i32::from(result as i16) as u32,
        ScalarType::U16 => result & 0xffff,
        _ => result,
    }
}
