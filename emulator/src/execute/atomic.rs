//! Atomic operations.

use std::sync::atomic::Ordering;

use super::SKIP;
use super::machine::Machine;
use super::record::Touch;
use super::wave::Wave;
use crate::bytecode::{AtomicOp, Memory, Pc};
use crate::layout::ScalarType;

impl Machine<'_> {
    pub(super) fn atomic<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc, atomic: u32) {
        let Some(atomic) = self.dispatch.code.atomics.get(atomic as usize) else {
            return;
        };
        let (slot, active) = wave.active();
        self.locate(&atomic.place, active);
        if CHECKED {
            self.check_bounds(wave, pc, &atomic.place);
            let touch = Touch::Atomic {
                reads: atomic.op != AtomicOp::Store,
                writes: atomic.op != AtomicOp::Load,
            };
            self.touch(wave, pc, &atomic.place, touch);
        }
        let lanes = active.lanes();
        let order = self.lane_order.take();
        let upwards = lanes.clone();
        let sequence: &mut dyn Iterator<Item = usize> = match &order {
            None => &mut upwards.into_iter(),
            Some(order) => &mut order
                .get(wave.lanes.lanes())
                .unwrap_or_default()
                .iter()
                .map(|&lane| lane as usize)
                .filter(|lane| lanes.contains(lane)),
        };
        for lane in sequence {
            if self.masks.row(slot, lane..lane + 1) != [1] {
                continue;
            }
            let offset = self.offsets[lane];
            let value = self.registers.get(atomic.value, lane);
            let compare = match atomic.op {
                AtomicOp::CompareExchange { compare } => self.registers.get(compare, lane),
                _ => 0,
            };
            let old = if offset == SKIP {
                0
            } else {
                self.update(atomic.place.memory, (offset >> 2) as usize, |old| {
                    result(atomic.op, atomic.scalar, old, value, compare)
                })
            };
            if let Some(result) = atomic.result {
                self.registers.set(result, lane, old);
                if let AtomicOp::CompareExchange { .. } = atomic.op {
                    self.registers
                        .set(result + 1, lane, u32::from(offset != SKIP && old == compare));
                }
            }
        }
        self.lane_order = order;
    }

    /// Replaces a word and returns what it was.
    fn update(&mut self, memory: Memory, index: usize, new: impl Fn(u32) -> u32) -> u32 {
        match memory {
            Memory::Binding(binding) => {
                let words = self
                    .dispatch
                    .buffers
                    .get(binding as usize)
                    .map_or(&[][..], |buffer| buffer.words);
                let Some(word) = words.get(index) else { return 0 };
                word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| Some(new(old)))
                    .unwrap_or(0)
            }
            Memory::Workgroup => match self.workgroup_memory.words.get_mut(index) {
                Some(word) => {
                    let old = *word;
                    *word = new(old);
                    old
                }
                None => 0,
            },
            Memory::Immediate | Memory::Local => 0,
        }
    }
}

/// What an atomic operation leaves behind.
fn result(op: AtomicOp, scalar: ScalarType, old: u32, value: u32, compare: u32) -> u32 {
    let signed = scalar.is_signed();
    let float = |f: fn(f32, f32) -> f32| f(f32::from_bits(old), f32::from_bits(value)).to_bits();
    match op {
        AtomicOp::Load => old,
        AtomicOp::Store | AtomicOp::Exchange => value,
        AtomicOp::Add if scalar.is_float() => float(|a, b| a + b),
        AtomicOp::Subtract if scalar.is_float() => float(|a, b| a - b),
        AtomicOp::Add => old.wrapping_add(value),
        AtomicOp::Subtract => old.wrapping_sub(value),
        AtomicOp::And => old & value,
        AtomicOp::Or => old | value,
        AtomicOp::Xor => old ^ value,
        AtomicOp::Min if signed => (old as i32).min(value as i32) as u32,
        AtomicOp::Max if signed => (old as i32).max(value as i32) as u32,
        AtomicOp::Min => old.min(value),
        AtomicOp::Max => old.max(value),
        AtomicOp::CompareExchange { .. } => {
            if old == compare {
                value
            } else {
                old
            }
        }
    }
}
