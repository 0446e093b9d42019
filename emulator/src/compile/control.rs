//! Control flow: masks instead of jumps.

use naga::{Block, Expression, Handle, Statement, SwitchCase, SwitchValue};

use super::function::FunctionContext;
use super::{Compiler, OpenMask, Owner, Result};
use crate::bytecode::{Instruction, Pc, Slot};
use crate::counters::OperationKind;

impl<'a> Compiler<'a> {
    pub(super) fn if_statement(
        &mut self,
        f: &mut FunctionContext<'a>,
        condition: Handle<Expression>,
        accept: &'a Block,
        reject: &'a Block,
    ) -> Result<()> {
        let condition = self.value(f, condition)?;
        let Some(&condition) = condition.rows.first() else {
            return Err(self.invalid("a condition without a value"));
        };
        let parent = self.current_slot();
        self.end_region();
        let then = self.open_mask(Owner::Branch);
        let otherwise = (!reject.is_empty()).then(|| self.open_mask(Owner::Branch));
        if otherwise.is_some() {
            self.masks.pop();
        }
        let split = self.next_pc();
        self.emit(Instruction::If {
            parent,
            then,
            otherwise,
            condition,
            target: 0,
        })?;
        self.start_region()?;
        self.block(f, accept)?;
        self.end_region();
        self.land();
        self.close_mask(then);
        self.patch(split);
        if let Some(otherwise) = otherwise {
            self.masks.push(OpenMask::new(otherwise, Owner::Branch));
            let turn = self.next_pc();
            self.emit(Instruction::Mask {
                slot: otherwise,
                target: Some(0),
            })?;
            self.start_region()?;
            self.block(f, reject)?;
            self.end_region();
            self.land();
            self.close_mask(otherwise);
            self.patch(turn);
        }
        self.resume()
    }

    pub(super) fn loop_statement(
        &mut self,
        f: &mut FunctionContext<'a>,
        body: &'a Block,
        continuing: &'a Block,
        break_if: Option<Handle<Expression>>,
    ) -> Result<()> {
        self.end_region();
        let id = self.code.loops;
        self.code.loops += 1;
        let lanes = self.open_mask(Owner::LoopLanes);
        self.emit(Instruction::CopyMask { to: lanes })?;
        self.emit(Instruction::LoopEnter { id })?;
        let continues = has_continue(body);
        let body_slot = if continues {
            self.open_mask(Owner::LoopBody)
        } else {
            lanes
        };
        let top = self.next_pc();
        self.emit(Instruction::LoopTop {
            id,
            lanes,
            body: body_slot,
            end: 0,
        })?;
        self.start_region()?;
        self.count(OperationKind::Iteration, 1);
        self.loop_depth += 1;
        // Expressions of the body are in scope in the continuing block.
        self.open_scope(f);
        self.statements(f, body)?;
        self.end_region();
        self.land();
        if continues {
            self.close_mask(body_slot);
            self.emit(Instruction::Mask {
                slot: lanes,
                target: None,
            })?;
        }
        self.start_region()?;
        self.statements(f, continuing)?;
        self.end_region();
        self.land();
        if let Some(condition) = break_if {
            let condition = self.value(f, condition)?;
            let Some(&condition) = condition.rows.first() else {
                return Err(self.invalid("a condition without a value"));
            };
            self.emit(Instruction::BreakIf { condition })?;
        }
        self.close_scope(f);
        self.loop_depth -= 1;
        self.emit(Instruction::Jump { target: top })?;
        self.patch(top);
        self.close_mask(lanes);
        self.resume()
    }

    pub(super) fn switch(
        &mut self,
        f: &mut FunctionContext<'a>,
        selector: Handle<Expression>,
        cases: &'a [SwitchCase],
    ) -> Result<()> {
        let selector = self.value(f, selector)?;
        let selector = self.own_value(selector)?;
        let Some(&selector) = selector.rows.first() else {
            return Err(self.invalid("a selector without a value"));
        };
        // The selector must outlast the statements of the cases.
        let held = std::mem::take(&mut self.scratch);
        let parent = self.current_slot();
        self.end_region();
        let bits = |case: &SwitchCase| match case.value {
            SwitchValue::I32(value) => Some(value as u32),
            SwitchValue::U32(value) => Some(value),
            SwitchValue::Default => None,
        };
        let mut fall: Option<Slot> = None;
        let mut rest = cases;
        while !rest.is_empty() {
            // Several selectors of one body are cases with empty bodies that fall through.
            let joined = rest
                .iter()
                .take_while(|case| case.fall_through && case.body.is_empty())
                .count()
                + 1;
            let (group, after) = rest.split_at(joined.min(rest.len()));
            rest = after;
            let Some(last) = group.last() else { break };
            let default = group.iter().any(|case| bits(case).is_none());
            let first = self.code.case_values.len() as u32;
            if default {
                let own = group.iter().filter_map(bits).collect::<Vec<_>>();
                let others = cases.iter().filter_map(bits).filter(|value| !own.contains(value));
                self.code.case_values.extend(others);
            } else {
                self.code.case_values.extend(group.iter().filter_map(bits));
            }
            let count = self.code.case_values.len() as u32 - first;
            let slot = self.open_mask(Owner::Case);
            let split = self.next_pc();
            self.emit(Instruction::Case {
                parent,
                slot,
                selector,
                first,
                count,
                default,
                fall,
                target: 0,
            })?;
            if let Some(slot) = fall.take() {
                self.free_slots.push(slot);
            }
            self.start_region()?;
            self.block(f, &last.body)?;
            self.end_region();
            self.land();
            if last.fall_through {
                self.masks.pop();
                fall = Some(slot);
            } else {
                self.close_mask(slot);
            }
            self.patch(split);
        }
        if let Some(slot) = fall {
            self.free_slots.push(slot);
        }
        self.scratch.extend(held);
        self.resume()
    }

    /// Takes the active lanes out of all masks up to the innermost one of an owner that `reaches` accepts.
    pub(super) fn leave(&mut self, reaches: impl Fn(Owner) -> bool) -> Result<()> {
        let Some(outermost) = self.masks.iter().rposition(|mask| reaches(mask.owner)) else {
            return Err(self.invalid("a jump out of a construct that does not exist"));
        };
        let first = self.code.leave_slots.len() as u32;
        for mask in &mut self.masks[outermost..] {
            self.code.leave_slots.push(mask.slot);
            mask.reduced = true;
        }
        let count = self.code.leave_slots.len() as u32 - first;
        self.end_region();
        self.emit(Instruction::Leave { first, count })?;
        self.start_region()
    }

    /// Goes on with the mask of the enclosing construct after a nested one.
    fn resume(&mut self) -> Result<()> {
        let Some(index) = self.masks.len().checked_sub(1) else {
            return Ok(());
        };
        let (slot, reduced) = (self.masks[index].slot, self.masks[index].reduced);
        let pc = self.next_pc();
        self.emit(Instruction::Mask {
            slot,
            target: reduced.then_some(0),
        })?;
        if reduced {
            // If all lanes left, skip what remains of the enclosing construct.
            self.masks[index].exits.push(pc);
        }
        self.start_region()
    }

    /// Ends the innermost construct's code: whoever skipped the rest of it arrives here.
    pub(super) fn land(&mut self) {
        let exits = self
            .masks
            .last_mut()
            .map(|mask| std::mem::take(&mut mask.exits))
            .unwrap_or_default();
        for pc in exits {
            self.patch(pc);
        }
    }

    /// Lets a jump arrive at the next instruction.
    fn patch(&mut self, pc: Pc) {
        let here = self.next_pc();
        match &mut self.code.instructions[pc as usize] {
            Instruction::If { target, .. }
            | Instruction::Case { target, .. }
            | Instruction::LoopTop { end: target, .. }
            | Instruction::Mask {
                target: Some(target), ..
            } => *target = here,
            _ => {}
        }
    }
}

/// Whether a loop body has a `continue` of this loop.
fn has_continue(body: &Block) -> bool {
    let mut blocks = vec![body];
    while let Some(block) = blocks.pop() {
        for statement in block {
            match statement {
                Statement::Continue => return true,
                Statement::Block(block) => blocks.push(block),
                Statement::If { accept, reject, .. } => blocks.extend([accept, reject]),
                Statement::Switch { cases, .. } => blocks.extend(cases.iter().map(|case| &case.body)),
                _ => {}
            }
        }
    }
    false
}
