//! Loads and stores.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use super::SKIP;
use super::arithmetic::Registers;
use super::half::{half_from_bits, half_to_bits};
use super::machine::Machine;
use super::mask::Active;
use super::record::{Finding, Touch};
use super::wave::Wave;
use crate::bytecode::{Access, Limit, Memory, Pc};
use crate::fault::FaultKind;
use crate::layout::{Leaf, ScalarType};

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
        let order = order.map(|order| order.get(wave.lanes.lanes()).unwrap_or_default());
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
