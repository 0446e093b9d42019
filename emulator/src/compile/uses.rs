//! How often each expression of a function is used.

use std::collections::HashMap;

use naga::{AtomicFunction, Block, Expression, GatherMode, Handle, Statement};

/// Uses of the expressions of one function by emitted expressions and by statements.
#[derive(Debug, Default)]
pub(super) struct Uses {
    total: HashMap<Handle<Expression>, u32>,
}

impl Uses {
    pub(super) fn of(function: &naga::Function) -> Self {
        let mut uses = Self::default();
        uses.block(function, &function.body);
        uses
    }

    pub(super) fn total(&self, handle: Handle<Expression>) -> u32 {
        self.total.get(&handle).copied().unwrap_or(0)
    }

    fn block(&mut self, function: &naga::Function, block: &Block) {
        // A work list instead of recursion: modules that no parser made can nest deeper than our stack.
        let mut blocks = vec![block];
        while let Some(block) = blocks.pop() {
            for statement in block {
                statement_operands(statement, |handle| *self.total.entry(handle).or_insert(0) += 1);
                match statement {
                    Statement::Emit(range) => {
                        for handle in range.clone() {
                            expression_operands(&function.expressions[handle], |operand| {
                                *self.total.entry(operand).or_insert(0) += 1;
                            });
                        }
                    }
                    Statement::Block(block) => blocks.push(block),
                    Statement::If { accept, reject, .. } => blocks.extend([accept, reject]),
                    Statement::Switch { cases, .. } => blocks.extend(cases.iter().map(|case| &case.body)),
                    Statement::Loop { body, continuing, .. } => blocks.extend([body, continuing]),
                    _ => {}
                }
            }
        }
    }
}

/// Calls `visit` with each operand of an expression.
pub(super) fn expression_operands(expression: &Expression, mut visit: impl FnMut(Handle<Expression>)) {
    use Expression as E;
    match *expression {
        E::Compose { ref components, .. } => components.iter().copied().for_each(visit),
        E::Access { base, index } => {
            visit(base);
            visit(index);
        }
        E::AccessIndex { base, .. } => visit(base),
        E::Splat { value, .. } => visit(value),
        E::Swizzle { vector, .. } => visit(vector),
        E::Load { pointer } => visit(pointer),
        E::Unary { expr, .. } | E::As { expr, .. } | E::Derivative { expr, .. } => visit(expr),
        E::Binary { left, right, .. } => {
            visit(left);
            visit(right);
        }
        E::Select {
            condition,
            accept,
            reject,
        } => {
            visit(condition);
            visit(accept);
            visit(reject);
        }
        E::Relational { argument, .. } => visit(argument),
        E::Math {
            arg,
            arg1,
            arg2,
            arg3,
            ..
        } => {
            [Some(arg), arg1, arg2, arg3]
                .into_iter()
                .flatten()
                .for_each(visit);
        }
        E::ArrayLength(array) => visit(array),
        E::CooperativeLoad { data, .. } => {
            visit(data.pointer);
            visit(data.stride);
        }
        E::CooperativeMultiplyAdd { a, b, c } => {
            visit(a);
            visit(b);
            visit(c);
        }
        // The rest has no operands, or is not supported.
        _ => {}
    }
}

/// Calls `visit` with each expression that a statement itself uses.
pub(super) fn statement_operands(statement: &Statement, mut visit: impl FnMut(Handle<Expression>)) {
    use Statement as S;
    match *statement {
        S::If { condition, .. } => visit(condition),
        S::Switch { selector, .. } => visit(selector),
        S::Loop { break_if, .. } => break_if.into_iter().for_each(visit),
        S::Return { value } => value.into_iter().for_each(visit),
        S::Store { pointer, value } => {
            visit(pointer);
            visit(value);
        }
        S::Atomic {
            pointer, fun, value, ..
        } => {
            visit(pointer);
            visit(value);
            if let AtomicFunction::Exchange {
                compare: Some(compare),
            } = fun
            {
                visit(compare);
            }
        }
        S::WorkGroupUniformLoad { pointer, .. } => visit(pointer),
        S::Call { ref arguments, .. } => arguments.iter().copied().for_each(visit),
        S::SubgroupBallot { predicate, .. } => predicate.into_iter().for_each(visit),
        S::SubgroupGather { mode, argument, .. } => {
            visit(argument);
            match mode {
                GatherMode::Broadcast(index)
                | GatherMode::Shuffle(index)
                | GatherMode::ShuffleDown(index)
                | GatherMode::ShuffleUp(index)
                | GatherMode::ShuffleXor(index)
                | GatherMode::QuadBroadcast(index) => visit(index),
                GatherMode::BroadcastFirst | GatherMode::QuadSwap(_) => {}
            }
        }
        S::SubgroupCollectiveOperation { argument, .. } => visit(argument),
        S::CooperativeStore { target, data } => {
            visit(target);
            visit(data.pointer);
            visit(data.stride);
        }
        _ => {}
    }
}
