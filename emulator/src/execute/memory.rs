//! Loads and stores.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use super::SKIP;
use super::arithmetic::Registers;
use super::half::{half_from_bits, half_to_bits};
use super::lanes::Lanes;
use super::machine::Machine;
use super::mask::Active;
use super::record::{Finding, Findings, Touch};
use super::wave::Wave;
use crate::bytecode::{Access, Limit, Memory, Pc};
use crate::fault::FaultKind;
use crate::layout::{Leaf, ScalarType};
use crate::memory::race::Conflict;

impl Machine<'_> {
    pub(super) fn load<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc, access: u32) {
        let Some(access) = self.dispatch.code.accesses.get(access as usize) else {
            return;
        };
        let (_, active) = wave.active();
        self.locate(access, active);
        if CHECKED {
            self.check_bounds(wave, pc, access);
            self.touch(wave, pc, access, Touch::Read);
        }
        let (registers, offsets) = (&mut self.registers, &self.offsets);
        match access.memory {
            Memory::Binding(binding) => {
                let words = self
                    .dispatch
                    .buffers
                    .get(binding as usize)
                    .map_or(&[][..], |buffer| buffer.words);
                gather(registers, access, offsets, active, |i| {
                    words.get(i).map_or(0, |w| w.load(Ordering::Relaxed))
                });
            }
            Memory::Immediate => {
                let words = &self.dispatch.immediates;
                gather(registers, access, offsets, active, |i| {
                    words.get(i).copied().unwrap_or(0)
                });
            }
            Memory::Workgroup => {
                let words = &self.workgroup_memory.words;
                gather(registers, access, offsets, active, |i| {
                    words.get(i).copied().unwrap_or(0)
                });
            }
            Memory::Local => {}
        }
    }

    pub(super) fn store<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc, access: u32) {
        let Some(access) = self.dispatch.code.accesses.get(access as usize) else {
            return;
        };
        let (slot, active) = wave.active();
        self.locate(access, active);
        if CHECKED {
            self.check_bounds(wave, pc, access);
            self.touch(wave, pc, access, Touch::Write);
        }
        let mask = self.masks.row(slot, active.lanes());
        let order = self.lane_order.as_deref();
        let (registers, offsets) = (&self.registers, &self.offsets);
        match access.memory {
            Memory::Binding(binding) => {
                let words = self
                    .dispatch
                    .buffers
                    .get(binding as usize)
                    .map_or(&[][..], |buffer| buffer.words);
                scatter(
                    registers,
                    access,
                    offsets,
                    (active, mask, order),
                    |address, scalar, value| {
                        store_shared(words, address, scalar, value);
                    },
                );
            }
            Memory::Workgroup => {
                let words = &mut self.workgroup_memory.words;
                scatter(
                    registers,
                    access,
                    offsets,
                    (active, mask, order),
                    |address, scalar, value| {
                        store_own(words, address, scalar, value);
                    },
                );
            }
            Memory::Immediate | Memory::Local => {}
        }
    }

    pub(super) fn load_local<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc, access: u32) {
        let Some(access) = self.dispatch.code.accesses.get(access as usize) else {
            return;
        };
        let (slot, active) = wave.active();
        self.locate(access, active);
        if CHECKED {
            self.check_bounds(wave, pc, access);
        }
        let mut unwritten: Option<Finding<()>> = None;
        for (leaf, &dst) in access.leaves.iter().zip(&access.values) {
            for lane in active.lanes() {
                let row = self.offsets[lane];
                let value = if row == SKIP {
                    0
                } else {
                    self.registers.get(row + leaf.offset, lane)
                };
                self.registers.set(dst, lane, value);
                if CHECKED
                    && let Some(flags) = access.flags
                    && row != SKIP
                    && self.registers.get((row + leaf.offset).wrapping_add(flags), lane) == 0
                    && self.masks.row(slot, lane..lane + 1) == [1]
                {
                    match &mut unwritten {
                        Some(finding) => finding.count += 1,
                        None => {
                            unwritten = Some(Finding {
                                lane: lane as u32,
                                offset: 0,
                                count: 1,
                                what: (),
                            });
                        }
                    }
                }
            }
        }
        if let Some(finding) = unwritten {
            self.fault(
                FaultKind::UninitializedRead,
                pc,
                finding.lane as usize,
                finding.count,
                || format!("`{}` is read before it is written", access.name),
            );
        }
    }

    pub(super) fn store_local<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc, access: u32) {
        let Some(access) = self.dispatch.code.accesses.get(access as usize) else {
            return;
        };
        let (slot, active) = wave.active();
        self.locate(access, active);
        // Without a name it accompanies a store that has reported already.
        if CHECKED && !access.name.is_empty() {
            self.check_bounds(wave, pc, access);
        }
        for (leaf, &src) in access.leaves.iter().zip(&access.values) {
            for lane in active.lanes() {
                let row = self.offsets[lane];
                if row != SKIP && self.masks.row(slot, lane..lane + 1) == [1] {
                    let value = self.registers.get(src, lane);
                    self.registers.set(row + leaf.offset, lane, value);
                }
            }
        }
    }

    /// Computes the offset of each lane, [`SKIP`] where an index is out of range. Lanes that are not active get one
    /// too, which nobody uses.
    pub(super) fn locate(&mut self, access: &Access, active: Active) {
        let lanes = active.lanes();
        let Some(offsets) = self.offsets.get_mut(lanes.clone()) else {
            return;
        };
        offsets.fill(access.base);
        for (i, term) in access.terms.iter().enumerate() {
            let limit = limit(&self.dispatch.array_lengths, term.limit);
            let index = self.registers.row(term.index, lanes.clone());
            let stride = term.stride;
            if i == 0 {
                for (offset, &index) in offsets.iter_mut().zip(index) {
                    let at = access.base.wrapping_add(index.wrapping_mul(stride));
                    *offset = if index < limit { at } else { SKIP };
                }
            } else {
                for (offset, &index) in offsets.iter_mut().zip(index) {
                    let at = offset.wrapping_add(index.wrapping_mul(stride));
                    *offset = if index < limit && *offset != SKIP {
                        at
                    } else {
                        SKIP
                    };
                }
            }
        }
    }

    /// Reports active lanes whose index is out of range.
    pub(super) fn check_bounds(&mut self, wave: &Wave, pc: Pc, access: &Access) {
        if access.terms.is_empty() {
            return;
        }
        let (slot, active) = wave.active();
        let lanes = active.lanes();
        let mask = self.masks.row(slot, lanes.clone());
        let offsets = self.offsets.get(lanes.clone()).unwrap_or_default();
        let skipped = offsets
            .iter()
            .zip(mask)
            .map(|(&o, &active)| u32::from(o == SKIP) & active)
            .sum::<u32>();
        if skipped == 0 {
            return;
        }
        let first = offsets
            .iter()
            .zip(mask)
            .position(|(&o, &active)| o == SKIP && active != 0)
            .unwrap_or(0);
        let lane = lanes.start + first;
        let message = self.out_of_bounds(access, lane);
        self.fault(FaultKind::OutOfBounds, pc, lane, u64::from(skipped), || message);
    }

    /// Which index of a lane is out of range.
    fn out_of_bounds(&self, access: &Access, lane: usize) -> String {
        for term in &access.terms {
            let index = self.registers.get(term.index, lane);
            let limit = limit(&self.dispatch.array_lengths, term.limit);
            if index >= limit {
                let index = if term.signed {
                    i64::from(index as i32)
                } else {
                    i64::from(index)
                };
                let unit = if limit == 1 {
                    term.unit.trim_end_matches('s')
                } else {
                    term.unit
                };
                return format!("index {index} of `{}`, which has {limit} {unit}", term.of);
            }
        }
        format!("an index of `{}`", access.name)
    }

    /// Notes an access for counters, races and uninitialised reads.
    pub(super) fn touch(&mut self, wave: &Wave, pc: Pc, access: &Access, touch: Touch) {
        let (slot, active) = wave.active();
        if active.is_empty() {
            return;
        }
        let range = active.lanes();
        let lanes = Lanes {
            offsets: self.offsets.get(range.clone()).unwrap_or_default(),
            mask: self.masks.row(slot, range),
            start: active.start,
            subgroup_size: self.dispatch.subgroup_size,
            collective: None,
        };
        let findings = match access.memory {
            Memory::Binding(binding) => match self.records.get_mut(binding as usize) {
                Some(record) => record.touch(
                    &lanes,
                    &access.leaves,
                    touch,
                    pc,
                    &self.storage_clock,
                    &mut self.scratch,
                ),
                None => return,
            },
            Memory::Workgroup => {
                let zero = self.dispatch.zero_init_workgroup;
                self.workgroup_memory
                    .touch(&lanes, &access.leaves, touch, pc, zero, &mut self.scratch)
            }
            Memory::Immediate | Memory::Local => return,
        };
        self.report(pc, access.memory, touch, findings);
    }

    /// Turns findings about an access into faults.
    pub(super) fn report(&mut self, pc: Pc, memory: Memory, touch: Touch, findings: Findings) {
        if let Some(finding) = findings.uninitialized {
            let name = self.name_at(memory, finding.offset);
            self.fault(
                FaultKind::UninitializedRead,
                pc,
                finding.lane as usize,
                finding.count,
                || format!("`{name}` is read before this workgroup has written it"),
            );
        }
        for (kind, finding) in [
            (FaultKind::DataRace, findings.race),
            (FaultKind::DoubleWrite, findings.double_write),
        ] {
            let Some(finding) = finding else { continue };
            self.conflict |= finding.what.other_workgroup;
            let message = self.race_message(memory, touch, &finding);
            self.fault(kind, pc, finding.lane as usize, finding.count, || message);
        }
    }

    fn race_message(&self, memory: Memory, touch: Touch, finding: &Finding<Conflict>) -> String {
        let Conflict {
            earlier,
            was_write,
            other_workgroup,
        } = finding.what;
        let name = self.name_at(memory, finding.offset);
        let done = if touch == Touch::Read { "read" } else { "written" };
        let did = if was_write { "wrote" } else { "read" };
        let line = earlier
            .site()
            .and_then(|pc| self.location(pc))
            .map_or_else(String::new, |location| format!(" at line {}", location.line));
        if other_workgroup {
            let after = self
                .history
                .partition_point(|&(stamp, _)| stamp <= earlier.stamp());
            let id = after
                .checked_sub(1)
                .and_then(|i| self.history.get(i))
                .map_or([0; 3], |&(_, id)| id);
            let [x, y, z] = id;
            return format!("`{name}` is {done} here, and workgroup ({x}, {y}, {z}) {did} it{line}");
        }
        let who = if earlier.is_of_many() {
            "other lanes".to_owned()
        } else {
            format!("lane {}", earlier.lane())
        };
        format!("`{name}` is {done} here, and {who} {did} it{line} without a barrier between")
    }

    /// How WGSL would name a location.
    fn name_at(&self, memory: Memory, offset: u32) -> String {
        match memory {
            Memory::Binding(binding) => self.dispatch.buffers.get(binding as usize).map(|buffer| {
                format!(
                    "{}{}",
                    buffer.variable.name,
                    buffer.variable.layout.path_at(offset)
                )
            }),
            Memory::Workgroup => {
                let variables = &self.dispatch.code.workgroup_variables;
                let after = variables.partition_point(|variable| variable.base <= offset);
                after
                    .checked_sub(1)
                    .and_then(|i| variables.get(i))
                    .map(|variable| {
                        format!(
                            "{}{}",
                            variable.name,
                            variable.layout.path_at(offset - variable.base)
                        )
                    })
            }
            Memory::Immediate | Memory::Local => None,
        }
        .unwrap_or_default()
    }
}

/// Elements that a limit allows.
pub(super) fn limit(array_lengths: &[u32], limit: Limit) -> u32 {
    match limit {
        Limit::Static(count) => count,
        Limit::Runtime(array) => array_lengths.get(array as usize).copied().unwrap_or(0),
    }
}

fn gather(
    registers: &mut Registers,
    access: &Access,
    offsets: &[u32],
    active: Active,
    load: impl Fn(usize) -> u32,
) {
    let lanes = active.lanes();
    let offsets = offsets.get(lanes.clone()).unwrap_or_default();
    for (&Leaf { offset: part, scalar }, &dst) in access.leaves.iter().zip(&access.values) {
        let out = registers.row_mut(dst, lanes.clone());
        macro_rules! each {
            (|$address:ident| $value:expr) => {
                for (out, &offset) in out.iter_mut().zip(offsets) {
                    let $address = offset.wrapping_add(part);
                    *out = if offset == SKIP { 0 } else { $value };
                }
            };
        }
        if scalar.width() == 4 {
            each!(|address| load((address >> 2) as usize));
        } else {
            each!(|address| narrow_from_bits(scalar, load((address >> 2) as usize) >> ((address & 2) * 8)));
        }
    }
}

/// Calls `store` with the address, type and value of each scalar of each active lane.
fn scatter(
    registers: &Registers,
    access: &Access,
    offsets: &[u32],
    (active, mask, order): (Active, &[u32], Option<&[u32]>),
    mut store: impl FnMut(u32, ScalarType, u32),
) {
    let lanes: Range<usize> = active.lanes();
    for (&Leaf { offset: part, scalar }, &src) in access.leaves.iter().zip(&access.values) {
        let values = registers.row(src, lanes.clone());
        match order {
            None => {
                let offsets = offsets.get(lanes.clone()).unwrap_or_default();
                for ((&value, &offset), &active) in values.iter().zip(offsets).zip(mask) {
                    if active != 0 && offset != SKIP {
                        store(offset.wrapping_add(part), scalar, value);
                    }
                }
            }
            Some(order) => {
                for lane in order
                    .iter()
                    .map(|&lane| lane as usize)
                    .filter(|lane| lanes.contains(lane))
                {
                    let (offset, place) = (offsets[lane], lane - lanes.start);
                    if mask[place] != 0 && offset != SKIP {
                        store(offset.wrapping_add(part), scalar, values[place]);
                    }
                }
            }
        }
    }
}

/// A 16-bit scalar in the low bits of a word as a register holds it.
pub(super) fn narrow_from_bits(scalar: ScalarType, bits: u32) -> u32 {
    match scalar {
        ScalarType::F16 => half_from_bits(bits & 0xffff).to_bits(),
        ScalarType::I16 => i32::from(bits as i16) as u32,
        _ => bits & 0xffff,
    }
}

/// The 16 bits of a scalar in a register.
fn narrow_to_bits(scalar: ScalarType, value: u32) -> u32 {
    match scalar {
        ScalarType::F16 => half_to_bits(f32::from_bits(value)),
        _ => value & 0xffff,
    }
}

fn merge(word: u32, address: u32, half: u32) -> u32 {
    if address & 2 == 0 {
        word & 0xffff_0000 | half
    } else {
        word & 0xffff | half << 16
    }
}

/// Stores into memory of this worker alone.
pub(super) fn store_own(words: &mut [u32], address: u32, scalar: ScalarType, value: u32) {
    if let Some(word) = words.get_mut((address >> 2) as usize) {
        *word = if scalar.width() == 4 {
            value
        } else {
            merge(*word, address, narrow_to_bits(scalar, value))
        };
    }
}

/// Stores into memory that other workers use too.
pub(super) fn store_shared(words: &[AtomicU32], address: u32, scalar: ScalarType, value: u32) {
    let Some(word) = words.get((address >> 2) as usize) else {
        return;
    };
    if scalar.width() == 4 {
        word.store(value, Ordering::Relaxed);
        return;
    }
    let half = narrow_to_bits(scalar, value);
    // The other half may belong to another workgroup.
    let update = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
        Some(merge(old, address, half))
    });
    debug_assert!(update.is_ok());
}
