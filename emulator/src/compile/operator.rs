//! Operators, `select`, `all`, `any` and conversions.

use naga::{BinaryOperator, Expression, Handle, RelationalFunction, ScalarKind, TypeInner, UnaryOperator};

use super::function::FunctionContext;
use super::value::Value;
use super::{Compiler, Result};
use crate::bytecode::{BinaryOp, Check, Row, TernaryOp, UnaryOp};
use crate::counters::OperationKind as Kind;
use crate::layout::ScalarType;

impl<'a> Compiler<'a> {
    pub(super) fn unary_operator(
        &mut self,
        f: &mut FunctionContext<'a>,
        op: UnaryOperator,
        operand: Handle<Expression>,
    ) -> Result<Value> {
        let scalar = self.scalar_of(f, operand)?;
        let rows = self.value(f, operand)?.rows;
        let rows = match op {
            UnaryOperator::Negate if scalar.is_float() => {
                self.unary(UnaryOp::NegateFloat, float_kind(scalar, Kind::Other), &rows)?
            }
            UnaryOperator::Negate => {
                let rows = self.unary(UnaryOp::NegateInt, Kind::Integer, &rows)?;
                self.narrow(scalar, rows)?
            }
            UnaryOperator::LogicalNot => self.unary(UnaryOp::LogicalNot, Kind::Boolean, &rows)?,
            UnaryOperator::BitwiseNot => {
                let rows = self.unary(UnaryOp::Not, Kind::Integer, &rows)?;
                self.narrow(scalar, rows)?
            }
        };
        Ok(Value::new(rows))
    }

    pub(super) fn binary_operator(
        &mut self,
        f: &mut FunctionContext<'a>,
        op: BinaryOperator,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Result<Value> {
        let scalar = self.scalar_of(f, left)?;
        let (a, b) = (self.value(f, left)?.rows, self.value(f, right)?.rows);
        if op == BinaryOperator::Multiply {
            let module = self.module;
            let shape = |ty: &TypeInner| match *ty {
                TypeInner::Matrix { columns, rows, .. } => Some((columns as usize, rows as usize)),
                _ => None,
            };
            let is_vector = |ty: &TypeInner| matches!(ty, TypeInner::Vector { .. });
            let (left, right) = (f.ty(module, left), f.ty(module, right));
            match (shape(left), shape(right)) {
                (Some(left), Some(right)) => return self.multiply_matrices(scalar, &a, left, &b, right),
                (Some(left), None) if is_vector(right) => {
                    return self.multiply_matrices(scalar, &a, left, &b, (1, left.0));
                }
                (None, Some(right)) if is_vector(left) => return self.multiply_row(scalar, &a, &b, right),
                _ => {}
            }
        }
        Ok(Value::new(self.arithmetic(op, scalar, &a, &b)?))
    }

    /// A component-wise operator.
    pub(super) fn arithmetic(
        &mut self,
        op: BinaryOperator,
        scalar: ScalarType,
        a: &[Row],
        b: &[Row],
    ) -> Result<Vec<Row>> {
        use BinaryOperator as B;
        // `a > b` is `b < a`.
        let (op, a, b) = match op {
            B::Greater => (B::Less, b, a),
            B::GreaterEqual => (B::LessEqual, b, a),
            op => (op, a, b),
        };
        let signed = scalar.is_signed();
        if scalar.is_float() {
            let (op, kind) = match op {
                B::Add => (BinaryOp::AddFloat, Kind::Add),
                B::Subtract => (BinaryOp::SubtractFloat, Kind::Add),
                B::Multiply => (BinaryOp::MultiplyFloat, Kind::Multiply),
                B::Divide => (BinaryOp::DivideFloat, Kind::Divide),
                B::Modulo => (BinaryOp::RemainderFloat, Kind::Divide),
                B::Equal => (BinaryOp::EqualFloat, Kind::Other),
                B::NotEqual => (BinaryOp::NotEqualFloat, Kind::Other),
                B::Less => (BinaryOp::LessFloat, Kind::Other),
                B::LessEqual => (BinaryOp::LessEqualFloat, Kind::Other),
                _ => return Err(self.invalid("this operator on floats")),
            };
            let rows = self.binary(op, float_kind(scalar, kind), a, b)?;
            return if kind == Kind::Other {
                Ok(rows)
            } else {
                self.narrow(scalar, rows)
            };
        }
        if scalar == ScalarType::Bool {
            let op = match op {
                B::Equal => BinaryOp::Equal,
                B::NotEqual | B::ExclusiveOr => BinaryOp::NotEqual,
                B::And | B::LogicalAnd => BinaryOp::And,
                B::InclusiveOr | B::LogicalOr => BinaryOp::Or,
                _ => return Err(self.invalid("this operator on booleans")),
            };
            return self.binary(op, Kind::Boolean, a, b);
        }
        let divide = |unsigned, signed_op| (if signed { signed_op } else { unsigned }, Kind::IntegerDivide);
        let (op, kind) = match op {
            B::Add => (BinaryOp::AddInt, Kind::Integer),
            B::Subtract => (BinaryOp::SubtractInt, Kind::Integer),
            B::Multiply => (BinaryOp::MultiplyInt, Kind::IntegerMultiply),
            B::Divide => {
                self.check(
                    Check::Division {
                        scalar,
                        remainder: false,
                    },
                    a,
                    b,
                )?;
                divide(BinaryOp::DivideUnsigned, BinaryOp::DivideSigned)
            }
            B::Modulo => {
                self.check(
                    Check::Division {
                        scalar,
                        remainder: true,
                    },
                    a,
                    b,
                )?;
                divide(BinaryOp::RemainderUnsigned, BinaryOp::RemainderSigned)
            }
            B::Equal => (BinaryOp::Equal, Kind::Integer),
            B::NotEqual => (BinaryOp::NotEqual, Kind::Integer),
            B::Less if signed => (BinaryOp::LessSigned, Kind::Integer),
            B::Less => (BinaryOp::LessUnsigned, Kind::Integer),
            B::LessEqual if signed => (BinaryOp::LessEqualSigned, Kind::Integer),
            B::LessEqual => (BinaryOp::LessEqualUnsigned, Kind::Integer),
            B::And => (BinaryOp::And, Kind::Integer),
            B::InclusiveOr => (BinaryOp::Or, Kind::Integer),
            B::ExclusiveOr => (BinaryOp::Xor, Kind::Integer),
            B::ShiftLeft | B::ShiftRight => {
                self.check(Check::Shift { scalar }, a, b)?;
                let op = match (op, signed) {
                    (B::ShiftLeft, _) => BinaryOp::ShiftLeft,
                    (_, true) => BinaryOp::ShiftRightSigned,
                    (_, false) => BinaryOp::ShiftRightUnsigned,
                };
                let b = self.shift_amount(scalar, b)?;
                let rows = self.binary(op, Kind::Integer, a, &b)?;
                return self.narrow(scalar, rows);
            }
            _ => return Err(self.invalid("this operator on integers")),
        };
        let rows = self.binary(op, kind, a, b)?;
        self.narrow(scalar, rows)
    }

    /// Shift amounts modulo 16; those of 32-bit types are masked by the shift itself.
    fn shift_amount(&mut self, scalar: ScalarType, amount: &[Row]) -> Result<Vec<Row>> {
        if scalar.width() == 4 {
            return Ok(amount.to_vec());
        }
        let mask = self.constant(15)?;
        self.uncounted(BinaryOp::And, amount, &[mask])
    }

    /// A binary operation that belongs to another one and is not counted by itself.
    pub(super) fn uncounted(&mut self, op: BinaryOp, a: &[Row], b: &[Row]) -> Result<Vec<Row>> {
        let before = self.tally;
        let rows = self.binary(op, Kind::Integer, a, b)?;
        self.tally = before;
        Ok(rows)
    }

    pub(super) fn select(
        &mut self,
        f: &mut FunctionContext<'a>,
        condition: Handle<Expression>,
        accept: Handle<Expression>,
        reject: Handle<Expression>,
    ) -> Result<Value> {
        let condition = self.value(f, condition)?.rows;
        let (accept, reject) = (self.value(f, accept)?.rows, self.value(f, reject)?.rows);
        let rows = self.ternary(TernaryOp::Select, Kind::Boolean, &accept, &reject, &condition)?;
        Ok(Value::new(rows))
    }

    pub(super) fn relational(
        &mut self,
        f: &mut FunctionContext<'a>,
        function: RelationalFunction,
        argument: Handle<Expression>,
    ) -> Result<Value> {
        let scalar = self.scalar_of(f, argument)?;
        let rows = self.value(f, argument)?.rows;
        let op = match function {
            RelationalFunction::All => BinaryOp::And,
            RelationalFunction::Any => BinaryOp::Or,
            RelationalFunction::IsNan => {
                let rows = self.unary(UnaryOp::IsNan, float_kind(scalar, Kind::Other), &rows)?;
                return Ok(Value::new(rows));
            }
            RelationalFunction::IsInf => {
                let rows = self.unary(UnaryOp::IsInf, float_kind(scalar, Kind::Other), &rows)?;
                return Ok(Value::new(rows));
            }
        };
        let Some((&first, rest)) = rows.split_first() else {
            return Err(self.invalid("`all` or `any` of nothing"));
        };
        let mut result = vec![first];
        for &row in rest {
            result = self.binary(op, Kind::Boolean, &result, &[row])?;
        }
        // A single component must not alias the argument, which may be a variable.
        if rest.is_empty() {
            let row = self.copy_rows(&result)?;
            result = vec![row];
        }
        Ok(Value::new(result))
    }

    /// `T(e)` and `bitcast<T>(e)`.
    pub(super) fn conversion(
        &mut self,
        f: &mut FunctionContext<'a>,
        operand: Handle<Expression>,
        kind: ScalarKind,
        convert: Option<u8>,
    ) -> Result<Value> {
        let from = self.scalar_of(f, operand)?;
        let value = self.value(f, operand)?;
        let width = match convert {
            Some(width) => width,
            None => from.width() as u8,
        };
        let to = self.scalar(naga::Scalar { kind, width })?;
        if convert.is_none() {
            return self.bitcast(from, to, value);
        }
        self.convert(from, to, value)
    }

    fn bitcast(&mut self, from: ScalarType, to: ScalarType, value: Value) -> Result<Value> {
        use ScalarType as T;
        let rows = &value.rows;
        Ok(Value::new(match (from, to) {
            (from, to) if from == to || from.width() == 4 && to.width() == 4 => return Ok(value),
            (T::F16, T::U16) => self.unary(UnaryOp::HalfToBits, Kind::Conversion, rows)?,
            (T::F16, T::I16) => {
                let rows = self.unary(UnaryOp::HalfToBits, Kind::Conversion, rows)?;
                self.narrow(to, rows)?
            }
            (T::U16 | T::I16, T::F16) => self.unary(UnaryOp::HalfFromBits, Kind::Conversion, rows)?,
            (T::U16 | T::I16, T::U16 | T::I16) => {
                let rows = rows.to_vec();
                self.narrow(to, rows)?
            }
            _ => return Err(self.invalid("a bitcast between types of different size")),
        }))
    }

    fn convert(&mut self, from: ScalarType, to: ScalarType, value: Value) -> Result<Value> {
        use ScalarType as T;
        let rows = &value.rows;
        let op = match (from, to) {
            (from, to) if from == to => return Ok(value),
            (T::I32, T::U32) | (T::U32, T::I32) => return Ok(value),
            (T::F16, T::F32) | (T::Bool | T::I16 | T::U16, T::I32 | T::U32) | (T::Bool, T::I16 | T::U16) => {
                self.count(Kind::Conversion, rows.len() as u32);
                return Ok(value);
            }
            (T::F32 | T::F16, T::Bool) => UnaryOp::FloatToBool,
            (_, T::Bool) => UnaryOp::IntToBool,
            (T::Bool, T::F32 | T::F16) => UnaryOp::BoolToFloat,
            (T::I32 | T::I16, T::F32 | T::F16) => UnaryOp::SignedToFloat,
            (T::U32 | T::U16, T::F32 | T::F16) => UnaryOp::UnsignedToFloat,
            (T::F32, T::F16) => UnaryOp::RoundHalf,
            (T::F32 | T::F16, T::I32) => UnaryOp::FloatToSigned,
            (T::F32 | T::F16, T::U32) => UnaryOp::FloatToUnsigned,
            (T::F32 | T::F16, T::I16) => UnaryOp::FloatToSigned16,
            (T::F32 | T::F16, T::U16) => UnaryOp::FloatToUnsigned16,
            (_, T::I16) => UnaryOp::SignExtend16,
            (_, T::U16) => UnaryOp::ZeroExtend16,
            _ => return Err(self.invalid("this conversion")),
        };
        if from.is_float() && !to.is_float() && to != T::Bool {
            self.check(Check::Conversion { to }, rows, rows)?;
        }
        let converted = self.unary(op, Kind::Conversion, rows)?;
        let converted = if to == T::F16 && op != UnaryOp::RoundHalf {
            self.narrow(to, converted)?
        } else {
            converted
        };
        Ok(Value::new(converted))
    }
}

/// The kind under which an operation on this float type is counted.
pub(super) fn float_kind(scalar: ScalarType, kind: Kind) -> Kind {
    if scalar == ScalarType::F16 {
        kind.half()
    } else {
        kind
    }
}
