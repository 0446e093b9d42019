//! Lanes that run together, and the loop that runs them.

use super::machine::Machine;
use super::mask::Active;
use crate::bytecode::{Instruction, Operand, Pc, Row, Slot};
use crate::fault::FaultKind;

/// A part of a workgroup that executes each instruction together.
#[derive(Debug)]
pub(super) struct Wave {
    pub(super) pc: Pc,
    pub(super) lanes: Active,
    pub(super) state: State,
    /// The mask at hand.
    slot: Slot,
    active: Active,
    slots: Vec<Active>,
    /// Iterations of the current execution of each loop.
    iterations: Vec<u64>,
    /// Loops that ran into the limit in this workgroup.
    endless: Vec<bool>,
}

/// By how much the limit of a loop shrinks once it ran into it: an endless loop inside of another would otherwise take its time again in
/// every pass.
const PATIENCE_LOST: u64 = 1 << 12;

/// Why a wave does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    /// Waits at the barrier before `pc`, with so many lanes.
    AtBarrier,
    Done,
}

impl Wave {
    pub(super) fn new(slots: u32, loops: u32) -> Self {
        Self {
            pc: 0,
            lanes: Active::default(),
            state: State::Ready,
            slot: 0,
            active: Active::default(),
            slots: vec![Active::default(); slots as usize],
            iterations: vec![0; loops as usize],
            endless: vec![false; loops as usize],
        }
    }

    /// Back to the first instruction with all lanes.
    pub(super) fn restart(&mut self, lanes: Active) {
        self.pc = 0;
        self.endless.fill(false);
        self.lanes = lanes;
        self.state = State::Ready;
        self.slot = 0;
        self.active = lanes;
        if let Some(slot) = self.slots.first_mut() {
            *slot = lanes;
        }
    }

    /// The lanes that execute the instruction at hand, and their mask.
    pub(super) fn active(&self) -> (Slot, Active) {
        (self.slot, self.active)
    }

    fn enter(&mut self, slot: Slot, active: Active) {
        self.slot = slot;
        self.active = active;
        self.set(slot, active);
    }

    fn set(&mut self, slot: Slot, active: Active) {
        if let Some(known) = self.slots.get_mut(slot as usize) {
            *known = active;
        }
        if slot == self.slot {
            self.active = active;
        }
    }

    fn get(&self, slot: Slot) -> Active {
        self.slots.get(slot as usize).copied().unwrap_or_default()
    }
}

impl Machine<'_> {
    /// Runs a wave until it waits, ends, or has executed `quantum` instructions.
    pub(super) fn run_wave<const CHECKED: bool>(&mut self, wave: &mut Wave, quantum: u64) {
        let code = self.dispatch.code;
        let mut left = quantum;
        while left > 0 {
            left -= 1;
            let pc = wave.pc;
            let Some(&instruction) = code.instructions.get(pc as usize) else {
                wave.state = State::Done;
                return;
            };
            wave.pc = pc + 1;
            let active = wave.active;
            let lanes = active.lanes();
            match instruction {
                Instruction::Unary { op, rows, dst, a } => self.registers.unary(op, rows, dst, a, &lanes),
                Instruction::Binary { op, rows, dst, a, b } => {
                    self.registers.binary(op, rows, dst, [a, b], &lanes);
                }
                Instruction::Ternary {
                    op,
                    rows,
                    dst,
                    a,
                    b,
                    c,
                } => {
                    self.registers.ternary(op, rows, dst, [a, b, c], &lanes);
                }
                Instruction::Pack { op, dst, src } => self.pack(op, dst, src, active),
                Instruction::Unpack { op, dst, src } => self.unpack(op, dst, src, active),
                Instruction::Assign { rows, dst, src } => self.assign(wave, rows, dst, src),
                Instruction::Check { check, rows, a, b } => {
                    if CHECKED {
                        self.check(wave, pc, check, rows, a, b);
                    }
                }
                Instruction::CheckWritten { rows, flags, name } => {
                    if CHECKED {
                        self.check_written(wave, pc, rows, flags, name);
                    }
                }
                Instruction::ArrayLength { dst, array } => {
                    let length = self
                        .dispatch
                        .array_lengths
                        .get(array as usize)
                        .copied()
                        .unwrap_or(0);
                    self.registers.row_mut(dst, lanes).fill(length);
                }
                Instruction::Load { access } => self.load::<CHECKED>(wave, pc, access),
                Instruction::Store { access } => self.store::<CHECKED>(wave, pc, access),
                Instruction::LoadLocal { access } => self.load_local::<CHECKED>(wave, pc, access),
                Instruction::StoreLocal { access } => self.store_local::<CHECKED>(wave, pc, access),
                Instruction::Atomic { atomic } => self.atomic::<CHECKED>(wave, pc, atomic),
                Instruction::Tally { region } => {
                    if CHECKED && let Some(entered) = self.regions.get_mut(region as usize) {
                        *entered += u64::from(active.count);
                    }
                }
                Instruction::Barrier { .. } => {
                    // With no lane left, everybody has returned or jumped over the barrier.
                    if !active.is_empty() {
                        wave.state = State::AtBarrier;
                        return;
                    }
                }
                Instruction::SubgroupBarrier => self.subgroup_barrier::<CHECKED>(wave, pc),
                Instruction::Subgroup { operation } => self.subgroup::<CHECKED>(wave, pc, operation),
                Instruction::CooperativeLoad { operation } => {
                    self.cooperative_load::<CHECKED>(wave, pc, operation);
                }
                Instruction::CooperativeStore { operation } => {
                    self.cooperative_store::<CHECKED>(wave, pc, operation);
                }
                Instruction::CooperativeMultiplyAdd {
                    size,
                    half_factors,
                    half_sums,
                    dst,
                    a,
                    b,
                    c,
                } => {
                    let halves = (half_factors, half_sums);
                    self.cooperative_multiply_add::<CHECKED>(wave, pc, size, halves, dst, [a, b, c]);
                }
                Instruction::End => {
                    wave.state = State::Done;
                    return;
                }
                control => self.control(wave, pc, control),
            }
        }
    }

    fn assign(&mut self, wave: &Wave, rows: u32, dst: Row, src: Operand) {
        let lanes = wave.active.lanes();
        let mask = if wave.active.is_dense() {
            None
        } else {
            Some(self.masks.row(wave.slot, lanes.clone()))
        };
        self.registers.assign(rows, dst, src, &lanes, mask);
    }

    /// Control flow: moves between masks.
    fn control(&mut self, wave: &mut Wave, pc: Pc, instruction: Instruction) {
        match instruction {
            Instruction::If {
                parent,
                then,
                otherwise,
                condition,
                target,
            } => {
                let active = wave.get(parent);
                let condition = self.registers.row(condition, active.lanes());
                if let Some(otherwise) = otherwise {
                    let rest = self.masks.filter(parent, active, otherwise, condition, |c| c ^ 1);
                    wave.set(otherwise, rest);
                }
                let taken = self.masks.filter(parent, active, then, condition, |c| c);
                wave.enter(then, taken);
                if taken.is_empty() {
                    wave.pc = target;
                }
            }
            Instruction::Mask { slot, target } => {
                wave.enter(slot, wave.get(slot));
                if let Some(target) = target
                    && wave.active.is_empty()
                {
                    wave.pc = target;
                }
            }
            Instruction::CopyMask { to } => {
                let active = self.masks.copy(wave.slot, wave.active, to);
                wave.enter(to, active);
            }
            Instruction::Leave { first, count } => {
                let (slot, leaving) = wave.active();
                let slots = &self.dispatch.code.leave_slots;
                for &other in slots.iter().skip(first as usize).take(count as usize) {
                    // The current mask goes last, so that it still says who leaves.
                    if other != slot {
                        let rest = self.masks.subtract(slot, leaving, other, wave.get(other));
                        wave.set(other, rest);
                    }
                }
                wave.set(slot, Active::default());
            }
            Instruction::LoopEnter { id } => {
                if let Some(iterations) = wave.iterations.get_mut(id as usize) {
                    *iterations = 0;
                }
            }
            Instruction::LoopTop { id, lanes, body, end } => self.loop_top(wave, pc, id, (lanes, body), end),
            Instruction::BreakIf { condition } => {
                let (slot, active) = wave.active();
                let condition = self.registers.row(condition, active.lanes());
                let rest = self.masks.filter(slot, active, slot, condition, |c| c ^ 1);
                wave.set(slot, rest);
            }
            Instruction::Case {
                parent,
                slot,
                selector,
                first,
                count,
                default,
                fall,
                target,
            } => {
                let active = wave.get(parent);
                let range = first as usize..first as usize + count as usize;
                let values = self.dispatch.code.case_values.get(range).unwrap_or_default();
                let selector = self.registers.row(selector, active.lanes());
                let keep = |selector: u32| u32::from(values.contains(&selector) != default);
                let mut taken = self.masks.filter(parent, active, slot, selector, keep);
                if let Some(fall) = fall {
                    taken = self.masks.unite(fall, wave.get(fall), slot, taken);
                }
                wave.enter(slot, taken);
                if taken.is_empty() {
                    wave.pc = target;
                }
            }
            Instruction::Jump { target } => wave.pc = target,
            _ => {}
        }
    }

    fn loop_top(&mut self, wave: &mut Wave, pc: Pc, id: u32, (lanes, body): (Slot, Slot), end: Pc) {
        let active = wave.get(lanes);
        wave.enter(lanes, active);
        if active.is_empty() {
            wave.pc = end;
            return;
        }
        let limit = self.dispatch.loop_limit;
        let loops = wave
            .iterations
            .get_mut(id as usize)
            .zip(wave.endless.get_mut(id as usize));
        if let Some((iterations, endless)) = loops {
            *iterations += 1;
            if *iterations > if *endless { limit / PATIENCE_LOST } else { limit } {
                *endless = true;
                let lane = active.start as usize;
                self.fault(FaultKind::EndlessLoop, pc, lane, u64::from(active.count), || {
                    format!("a loop runs for more than {limit} iterations")
                });
                wave.set(lanes, Active::default());
                wave.pc = end;
                return;
            }
        }
        if body != lanes {
            let active = self.masks.copy(lanes, active, body);
            wave.enter(body, active);
        }
    }
}
