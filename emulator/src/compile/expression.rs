//! Expressions.

use naga::{Expression, Handle};

use super::function::FunctionContext;
use super::uses::expression_operands;
use super::value::{Meaning, Value};
use super::{Compiler, Result};
use crate::bytecode::{Limit, Memory};

impl<'a> Compiler<'a> {
    /// Compiles the expressions of an `Emit` statement.
    pub(super) fn emit_expressions(
        &mut self,
        f: &mut FunctionContext<'a>,
        range: &naga::Range<Expression>,
        next: Option<&naga::Statement>,
    ) -> Result<()> {
        let function = f.function;
        f.near_uses.clear();
        for handle in range.clone() {
            expression_operands(&function.expressions[handle], |operand| {
                *f.near_uses.entry(operand).or_insert(0) += 1;
            });
        }
        if let Some(next) = next {
            super::statement::direct_operands(next, |operand| *f.near_uses.entry(operand).or_insert(0) += 1);
        }
        let outer = self.span;
        for handle in range.clone() {
            let span = function.expressions.get_span(handle);
            self.span = if span.is_defined() { span } else { outer };
            let expression = &function.expressions[handle];
            let meaning = self.expression(f, handle, expression)?;
            self.define(f, handle, meaning)?;
            expression_operands(expression, |operand| self.consume(f, operand));
            self.end_expression();
        }
        self.span = outer;
        f.near_uses.clear();
        Ok(())
    }

    fn expression(
        &mut self,
        f: &mut FunctionContext<'a>,
        handle: Handle<Expression>,
        expression: &Expression,
    ) -> Result<Meaning> {
        use Expression as E;
        Ok(Meaning::Value(match *expression {
            E::Literal(_)
            | E::Constant(_)
            | E::ZeroValue(_)
            | E::FunctionArgument(_)
            | E::LocalVariable(_)
            | E::GlobalVariable(_) => return self.meaning(f, handle),
            E::Override(_) => return Err(self.invalid("an override without a value")),
            E::Compose { ref components, .. } => {
                let mut rows = Vec::new();
                let mut borrowed = false;
                for &component in components {
                    let value = self.value(f, component)?;
                    rows.extend_from_slice(&value.rows);
                    borrowed |= value.borrowed;
                }
                self.check_value_size(rows.len() as u32)?;
                Value {
                    rows: rows.into(),
                    borrowed,
                }
            }
            E::Splat { size, value } => {
                let value = self.value(f, value)?;
                Value {
                    rows: value.rows.repeat(size as usize).into(),
                    borrowed: value.borrowed,
                }
            }
            E::Swizzle {
                size,
                vector,
                pattern,
            } => {
                let value = self.value(f, vector)?;
                let rows = pattern
                    .iter()
                    .take(size as usize)
                    .map(|&component| value.rows.get(component as usize).copied())
                    .collect::<Option<Vec<_>>>();
                let rows =
                    rows.ok_or_else(|| self.invalid("a swizzle of a component that does not exist"))?;
                Value {
                    rows: rows.into(),
                    borrowed: value.borrowed,
                }
            }
            E::Access { base, index } => return self.access(f, base, index),
            E::AccessIndex { base, index } => return self.access_index(f, base, index),
            E::Load { pointer } => {
                let place = self.place(f, pointer)?;
                self.load(&place)?
            }
            E::Unary { op, expr } => self.unary_operator(f, op, expr)?,
            E::Binary { op, left, right } => self.binary_operator(f, op, left, right)?,
            E::Select {
                condition,
                accept,
                reject,
            } => self.select(f, condition, accept, reject)?,
            E::Relational { fun, argument } => self.relational(f, fun, argument)?,
            E::Math {
                fun,
                arg,
                arg1,
                arg2,
                arg3,
            } => self.math(f, fun, arg, [arg1, arg2, arg3])?,
            E::As { expr, kind, convert } => self.conversion(f, expr, kind, convert)?,
            E::ArrayLength(array) => self.array_length(f, array)?,
            E::CooperativeLoad {
                columns, rows, data, ..
            } => {
                if columns as u32 != rows as u32 {
                    return Err(self.unsupported("a cooperative matrix that is not square"));
                }
                self.cooperative_load(f, columns as u32, data)?
            }
            E::CooperativeMultiplyAdd { a, b, c } => self.cooperative_multiply_add(f, a, b, c)?,
            E::ImageSample { .. } => return Err(self.unsupported("textureSample")),
            E::ImageLoad { .. } => return Err(self.unsupported("textureLoad")),
            E::ImageQuery { .. } => return Err(self.unsupported("texture queries")),
            E::Derivative { .. } => return Err(self.unsupported("derivatives")),
            E::RayQueryVertexPositions { .. }
            | E::RayQueryProceedResult
            | E::RayQueryGetIntersection { .. } => return Err(self.unsupported("ray queries")),
            E::CallResult(_)
            | E::AtomicResult { .. }
            | E::WorkGroupUniformLoadResult { .. }
            | E::SubgroupBallotResult
            | E::SubgroupOperationResult { .. } => {
                return Err(self.invalid("the result of a statement is emitted as an expression"));
            }
        }))
    }

    fn array_length(&mut self, f: &mut FunctionContext<'a>, array: Handle<Expression>) -> Result<Value> {
        let place = self.place(f, array)?;
        match self.element_limit(&place)? {
            Limit::Static(count) => {
                let row = self.constant(count)?;
                Ok(Value::new(vec![row]))
            }
            Limit::Runtime(array) => {
                let dst = self.temporary(1);
                self.emit(crate::bytecode::Instruction::ArrayLength { dst, array })?;
                Ok(Value::run(dst, 1))
            }
        }
    }

    /// How many elements the array, vector or matrix at a place has.
    pub(super) fn element_limit(&self, place: &super::value::Place) -> Result<Limit> {
        match place.elements() {
            Some((_, _, Some(count), _)) => Ok(Limit::Static(count)),
            Some((_, _, None, _)) => {
                let Memory::Binding(binding) = place.memory else {
                    return Err(self.invalid("a runtime-sized array outside of a storage buffer"));
                };
                let arrays = &self.code.runtime_arrays;
                arrays
                    .iter()
                    .position(|array| array.binding == binding)
                    .map(|index| Limit::Runtime(index as u32))
                    .ok_or_else(|| self.invalid("a runtime-sized array that its variable does not end in"))
            }
            None => Err(self.invalid("an index into something without elements")),
        }
    }
}
