//! Statements.

use naga::{Block, Expression, Handle, Statement};

use super::function::{FunctionContext, Returns};
use super::uses::statement_operands;
use super::value::{Meaning, Value};
use super::{Compiler, Owner, Result};

impl<'a> Compiler<'a> {
    /// Compiles a block with the scope of its expressions.
    pub(super) fn block(&mut self, f: &mut FunctionContext<'a>, block: &'a Block) -> Result<()> {
        self.open_scope(f);
        self.statements(f, block)?;
        self.close_scope(f);
        Ok(())
    }

    /// Compiles the statements of a block into the scope that is open.
    pub(super) fn statements(&mut self, f: &mut FunctionContext<'a>, block: &'a Block) -> Result<()> {
        let mut statements = block.span_iter().peekable();
        while let Some((statement, &span)) = statements.next() {
            let outer = self.span;
            if span.is_defined() {
                self.span = span;
            }
            let here = self.span;
            if let Statement::Emit(range) = statement {
                self.emit_expressions(f, range, statements.peek().map(|&(next, _)| next))?;
            } else {
                self.statement(f, statement)?;
                self.span = here;
                statement_operands(statement, |operand| self.consume(f, operand));
                self.end_expression();
            }
            self.span = outer;
        }
        Ok(())
    }

    fn statement(&mut self, f: &mut FunctionContext<'a>, statement: &'a Statement) -> Result<()> {
        use Statement as S;
        match *statement {
            S::Emit(_) => Ok(()),
            S::Block(ref block) => self.block(f, block),
            S::If {
                condition,
                ref accept,
                ref reject,
            } => self.if_statement(f, condition, accept, reject),
            S::Switch { selector, ref cases } => self.switch(f, selector, cases),
            S::Loop {
                ref body,
                ref continuing,
                break_if,
            } => self.loop_statement(f, body, continuing, break_if),
            S::Break => self.leave(|owner| matches!(owner, Owner::LoopLanes | Owner::Case)),
            S::Continue => self.leave(|owner| owner == Owner::LoopBody),
            S::Return { value } => self.return_statement(f, value),
            S::Kill => Err(self.unsupported("discard")),
            S::ControlBarrier(barrier) => self.barrier(barrier),
            // Without a control barrier nothing orders the accesses of different lanes.
            S::MemoryBarrier(_) => Ok(()),
            S::Store { pointer, value } => {
                let place = self.place(f, pointer)?;
                let value = self.value(f, value)?;
                if matches!(place.layout.kind, crate::layout::LayoutKind::Atomic(_)) {
                    return self.atomic_store(&place, &value);
                }
                self.store(&place, &value)
            }
            S::Atomic {
                pointer,
                fun,
                value,
                result,
            } => self.atomic(f, pointer, fun, value, result),
            S::WorkGroupUniformLoad { pointer, result } => self.workgroup_uniform_load(f, pointer, result),
            S::Call {
                function,
                ref arguments,
                result,
            } => self.call(f, function, arguments, result),
            S::SubgroupBallot { result, predicate } => self.subgroup_ballot(f, result, predicate),
            S::SubgroupGather {
                mode,
                argument,
                result,
            } => self.subgroup_gather(f, mode, argument, result),
            S::SubgroupCollectiveOperation {
                op,
                collective_op,
                argument,
                result,
            } => self.subgroup_collective(f, op, collective_op, argument, result),
            S::CooperativeStore { target, data } => self.cooperative_store(f, target, data),
            S::ImageStore { .. } => Err(self.unsupported("textureStore")),
            S::ImageAtomic { .. } => Err(self.unsupported("atomic operations on textures")),
            S::RayQuery { .. } => Err(self.unsupported("ray queries")),
            S::RayPipelineFunction(_) => Err(self.unsupported("ray tracing")),
        }
    }

    fn return_statement(
        &mut self,
        f: &mut FunctionContext<'a>,
        value: Option<Handle<Expression>>,
    ) -> Result<()> {
        let value = match value {
            Some(handle) => Some(self.value(f, handle)?),
            None => None,
        };
        match &f.returns {
            Returns::AtEnd(_) => {
                let value = match value {
                    Some(value) => Some(self.returned(value)?),
                    None => None,
                };
                f.returns = Returns::AtEnd(value);
                Ok(())
            }
            &Returns::Anywhere(result) => {
                if let (Some((first, _)), Some(value)) = (result, value) {
                    self.assign(first, &value.rows)?;
                }
                self.leave(|owner| owner == Owner::Function)
            }
        }
    }

    /// A value that outlives the function: the caller takes over one reference to each row.
    fn returned(&mut self, value: Value) -> Result<Value> {
        let value = self.own_value(value)?;
        for &row in value.rows.iter() {
            self.rows.retain(row);
        }
        Ok(value)
    }

    /// Defines the result of a statement.
    pub(super) fn define_result(
        &mut self,
        f: &mut FunctionContext<'a>,
        handle: Handle<Expression>,
        value: Value,
    ) -> Result<()> {
        self.define(f, handle, Meaning::Value(value))
    }
}

/// Operands that a statement reads at once, before it or anything nested in it assigns to a variable.
pub(super) fn direct_operands(statement: &Statement, visit: impl FnMut(Handle<Expression>)) {
    use Statement as S;
    match statement {
        S::Store { .. }
        | S::If { .. }
        | S::Return { .. }
        | S::Atomic { .. }
        | S::CooperativeStore { .. }
        | S::SubgroupBallot { .. }
        | S::SubgroupGather { .. }
        | S::SubgroupCollectiveOperation { .. } => statement_operands(statement, visit),
        _ => {}
    }
}
