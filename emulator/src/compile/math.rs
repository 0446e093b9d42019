//! Built-in functions.

use naga::{BinaryOperator, Expression, Handle, MathFunction, TypeInner};

use super::function::FunctionContext;
use super::operator::float_kind;
use super::value::Value;
use super::{Compiler, Result};
use crate::bytecode::{BinaryOp, Instruction, PackOp, Row, TernaryOp, UnaryOp};
use crate::counters::OperationKind as Kind;
use crate::layout::ScalarType;

impl<'a> Compiler<'a> {
    pub(super) fn math(
        &mut self,
        f: &mut FunctionContext<'a>,
        function: MathFunction,
        first: Handle<Expression>,
        rest: [Option<Handle<Expression>>; 3],
    ) -> Result<Value> {
        let scalar = self.scalar_of(f, first)?;
        let mut arguments = vec![self.value(f, first)?.rows.to_vec()];
        for handle in rest.into_iter().flatten() {
            arguments.push(self.value(f, handle)?.rows.to_vec());
        }
        // naga has checked the number of arguments; missing ones repeat the first.
        let argument = |i: usize| arguments.get(i).unwrap_or(&arguments[0]).as_slice();
        let (a, b, c, d) = (argument(0), argument(1), argument(2), argument(3));
        if let Some(op) = unary_float(function) {
            let kind = if is_special(op) {
                Kind::Special
            } else {
                Kind::Other
            };
            return self.float_unary(op, scalar, kind, a).map(Value::new);
        }
        use MathFunction as M;
        let rows = match function {
            M::Abs | M::Sign if scalar.is_float() => {
                let op = if function == M::Abs {
                    UnaryOp::AbsFloat
                } else {
                    UnaryOp::SignFloat
                };
                self.float_unary(op, scalar, Kind::Other, a)?
            }
            M::Abs | M::Sign if !scalar.is_signed() => match function {
                // The absolute value of an unsigned number is the number.
                M::Abs => self.binary(BinaryOp::Or, Kind::Integer, a, a)?,
                _ => self.unary(UnaryOp::IntToBool, Kind::Integer, a)?,
            },
            M::Abs => {
                let rows = self.unary(UnaryOp::AbsInt, Kind::Integer, a)?;
                self.narrow(scalar, rows)?
            }
            M::Sign => self.unary(UnaryOp::SignInt, Kind::Integer, a)?,
            M::Min => self.min_max(scalar, a, b, true)?,
            M::Max => self.min_max(scalar, a, b, false)?,
            M::Clamp => {
                let low = self.min_max(scalar, a, b, false)?;
                self.min_max(scalar, &low, c, true)?
            }
            M::Radians => self.times(scalar, a, std::f32::consts::PI / 180.0)?,
            M::Degrees => self.times(scalar, a, 180.0 / std::f32::consts::PI)?,
            M::Atan2 => self.float_binary(BinaryOp::Atan2, scalar, Kind::Special, a, b)?,
            M::Pow => self.float_binary(BinaryOp::Pow, scalar, Kind::Special, a, b)?,
            M::Step => self.float_binary(BinaryOp::Step, scalar, Kind::Other, a, b)?,
            M::Ldexp => self.float_binary(BinaryOp::Ldexp, scalar, Kind::Other, a, b)?,
            M::Fma => self.fused(scalar, a, b, c)?,
            M::Mix => self.mix(scalar, a, b, c)?,
            M::SmoothStep => self.smooth_step(scalar, a, b, c)?,
            M::Modf => {
                let whole = self.float_unary(UnaryOp::Trunc, scalar, Kind::Other, a)?;
                let mut rows = self.arithmetic(BinaryOperator::Subtract, scalar, a, &whole)?;
                rows.extend(whole);
                rows
            }
            M::Frexp => {
                let mut rows = self.float_unary(UnaryOp::FrexpFraction, scalar, Kind::Other, a)?;
                rows.extend(self.unary(UnaryOp::FrexpExponent, float_kind(scalar, Kind::Other), a)?);
                rows
            }
            M::Dot => vec![self.dot(scalar, a, b)?],
            M::Dot4I8Packed => self.binary(BinaryOp::Dot4Signed, Kind::Dot4, a, b)?,
            M::Dot4U8Packed => self.binary(BinaryOp::Dot4Unsigned, Kind::Dot4, a, b)?,
            M::Cross => self.cross(scalar, a, b)?,
            M::Length => vec![self.length(scalar, a)?],
            M::Distance => {
                let difference = self.arithmetic(BinaryOperator::Subtract, scalar, a, b)?;
                vec![self.length(scalar, &difference)?]
            }
            M::Normalize => {
                let length = self.length(scalar, a)?;
                self.arithmetic(BinaryOperator::Divide, scalar, a, &[length])?
            }
            M::FaceForward => {
                let dot = self.dot(scalar, b, c)?;
                let zero = self.constant(0)?;
                let facing = self.arithmetic(BinaryOperator::Less, scalar, &[dot], &[zero])?;
                let negated = self.float_unary(UnaryOp::NegateFloat, scalar, Kind::Other, a)?;
                self.ternary(TernaryOp::Select, Kind::Boolean, a, &negated, &facing)?
            }
            M::Reflect => self.reflect(scalar, a, b)?,
            M::Refract => self.refract(scalar, a, b, c)?,
            M::Transpose | M::Determinant | M::Inverse => {
                let TypeInner::Matrix { columns, rows, .. } = *f.ty(self.module, first) else {
                    return Err(self.invalid("a matrix function of something else"));
                };
                let (columns, height) = (columns as usize, rows as usize);
                match function {
                    M::Determinant => vec![self.determinant(scalar, a, columns)?],
                    M::Inverse => self.inverse(scalar, a, columns)?,
                    _ => {
                        let transposed =
                            (0..height).flat_map(|row| (0..columns).map(move |column| column * height + row));
                        let rows = transposed.map(|i| a.get(i).copied()).collect::<Option<Vec<_>>>();
                        let rows =
                            rows.ok_or_else(|| self.invalid("a matrix without all of its elements"))?;
                        // Owned rows: the argument may be a variable.
                        let first = self.copy_rows(&rows)?;
                        (first..first + rows.len() as u32).collect()
                    }
                }
            }
            M::QuantizeToF16 => self.unary(UnaryOp::RoundHalf, Kind::Conversion, a)?,
            M::CountOneBits
            | M::CountLeadingZeros
            | M::CountTrailingZeros
            | M::ReverseBits
            | M::FirstLeadingBit
            | M::FirstTrailingBit => self.bits(function, scalar, a)?,
            M::ExtractBits => {
                let op = if scalar.is_signed() {
                    TernaryOp::ExtractSigned
                } else {
                    TernaryOp::ExtractUnsigned
                };
                self.require_32_bits(scalar, "extractBits")?;
                self.ternary(op, Kind::Integer, a, b, c)?
            }
            M::InsertBits => {
                self.require_32_bits(scalar, "insertBits")?;
                let mask = self.binary(BinaryOp::FieldMask, Kind::Integer, c, d)?;
                let shifted = self.uncounted(BinaryOp::ShiftLeftAll, b, c)?;
                let before = self.tally;
                let rows = self.ternary(TernaryOp::SelectBits, Kind::Integer, &shifted, a, &mask)?;
                self.tally = before;
                rows
            }
            M::Pack4x8snorm => self.pack(PackOp::Snorm8, a)?,
            M::Pack4x8unorm => self.pack(PackOp::Unorm8, a)?,
            M::Pack2x16snorm => self.pack(PackOp::Snorm16, a)?,
            M::Pack2x16unorm => self.pack(PackOp::Unorm16, a)?,
            M::Pack2x16float => self.pack(PackOp::Float16, a)?,
            M::Pack4xI8 => self.pack(PackOp::Signed8, a)?,
            M::Pack4xU8 => self.pack(PackOp::Unsigned8, a)?,
            M::Pack4xI8Clamp => self.pack(PackOp::SignedClamp8, a)?,
            M::Pack4xU8Clamp => self.pack(PackOp::UnsignedClamp8, a)?,
            M::Unpack4x8snorm => self.unpack(PackOp::Snorm8, a)?,
            M::Unpack4x8unorm => self.unpack(PackOp::Unorm8, a)?,
            M::Unpack2x16snorm => self.unpack(PackOp::Snorm16, a)?,
            M::Unpack2x16unorm => self.unpack(PackOp::Unorm16, a)?,
            M::Unpack2x16float => self.unpack(PackOp::Float16, a)?,
            M::Unpack4xI8 => self.unpack(PackOp::Signed8, a)?,
            M::Unpack4xU8 => self.unpack(PackOp::Unsigned8, a)?,
            other => return Err(self.unsupported(format!("the built-in function {other:?}"))),
        };
        Ok(Value::new(rows))
    }

    fn float_unary(&mut self, op: UnaryOp, scalar: ScalarType, kind: Kind, a: &[Row]) -> Result<Vec<Row>> {
        let rows = self.unary(op, float_kind(scalar, kind), a)?;
        self.narrow(scalar, rows)
    }

    fn float_binary(
        &mut self,
        op: BinaryOp,
        scalar: ScalarType,
        kind: Kind,
        a: &[Row],
        b: &[Row],
    ) -> Result<Vec<Row>> {
        let rows = self.binary(op, float_kind(scalar, kind), a, b)?;
        self.narrow(scalar, rows)
    }

    fn fused(&mut self, scalar: ScalarType, a: &[Row], b: &[Row], c: &[Row]) -> Result<Vec<Row>> {
        let op = if scalar == ScalarType::F16 {
            TernaryOp::FmaHalf
        } else {
            TernaryOp::Fma
        };
        self.ternary(op, float_kind(scalar, Kind::Fma), a, b, c)
    }

    fn times(&mut self, scalar: ScalarType, a: &[Row], factor: f32) -> Result<Vec<Row>> {
        let factor = self.float_constant(factor)?;
        self.arithmetic(BinaryOperator::Multiply, scalar, a, &[factor])
    }

    fn min_max(&mut self, scalar: ScalarType, a: &[Row], b: &[Row], min: bool) -> Result<Vec<Row>> {
        let op = match (scalar, min) {
            (ScalarType::F32 | ScalarType::F16, true) => BinaryOp::MinFloat,
            (ScalarType::F32 | ScalarType::F16, false) => BinaryOp::MaxFloat,
            (ScalarType::I32 | ScalarType::I16, true) => BinaryOp::MinSigned,
            (ScalarType::I32 | ScalarType::I16, false) => BinaryOp::MaxSigned,
            (_, true) => BinaryOp::MinUnsigned,
            (_, false) => BinaryOp::MaxUnsigned,
        };
        let kind = if scalar.is_float() {
            float_kind(scalar, Kind::Other)
        } else {
            Kind::Integer
        };
        self.binary(op, kind, a, b)
    }

    /// `a * (1 - t) + b * t`, the form that is exact at both ends.
    fn mix(&mut self, scalar: ScalarType, a: &[Row], b: &[Row], t: &[Row]) -> Result<Vec<Row>> {
        let one = self.float_constant(1.0)?;
        let rest = self.arithmetic(BinaryOperator::Subtract, scalar, &[one], t)?;
        let a = self.arithmetic(BinaryOperator::Multiply, scalar, a, &rest)?;
        let b = self.arithmetic(BinaryOperator::Multiply, scalar, b, t)?;
        self.arithmetic(BinaryOperator::Add, scalar, &a, &b)
    }

    /// `t * t * (3 - 2 * t)` with `t = clamp((x - low) / (high - low), 0, 1)`.
    fn smooth_step(&mut self, scalar: ScalarType, low: &[Row], high: &[Row], x: &[Row]) -> Result<Vec<Row>> {
        use BinaryOperator as B;
        let distance = self.arithmetic(B::Subtract, scalar, x, low)?;
        let width = self.arithmetic(B::Subtract, scalar, high, low)?;
        let t = self.arithmetic(B::Divide, scalar, &distance, &width)?;
        let t = self.float_unary(UnaryOp::Saturate, scalar, Kind::Other, &t)?;
        let doubled = self.times(scalar, &t, 2.0)?;
        let three = self.float_constant(3.0)?;
        let rest = self.arithmetic(B::Subtract, scalar, &[three], &doubled)?;
        let square = self.arithmetic(B::Multiply, scalar, &t, &t)?;
        self.arithmetic(B::Multiply, scalar, &square, &rest)
    }

    fn length(&mut self, scalar: ScalarType, a: &[Row]) -> Result<Row> {
        if let &[single] = a {
            return Ok(self.float_unary(UnaryOp::AbsFloat, scalar, Kind::Other, &[single])?[0]);
        }
        let square = self.dot(scalar, a, a)?;
        Ok(self.float_unary(UnaryOp::Sqrt, scalar, Kind::Special, &[square])?[0])
    }

    fn cross(&mut self, scalar: ScalarType, a: &[Row], b: &[Row]) -> Result<Vec<Row>> {
        let (&[ax, ay, az], &[bx, by, bz]) = (a, b) else {
            return Err(self.invalid("a cross product of vectors that do not have three components"));
        };
        let left = self.arithmetic(BinaryOperator::Multiply, scalar, &[ay, az, ax], &[bz, bx, by])?;
        let right = self.arithmetic(BinaryOperator::Multiply, scalar, &[az, ax, ay], &[by, bz, bx])?;
        self.arithmetic(BinaryOperator::Subtract, scalar, &left, &right)
    }

    /// `e - 2 * dot(n, e) * n`.
    fn reflect(&mut self, scalar: ScalarType, e: &[Row], n: &[Row]) -> Result<Vec<Row>> {
        let dot = self.dot(scalar, n, e)?;
        let twice = self.times(scalar, &[dot], 2.0)?;
        let along = self.arithmetic(BinaryOperator::Multiply, scalar, n, &twice)?;
        self.arithmetic(BinaryOperator::Subtract, scalar, e, &along)
    }

    /// Zero where `k = 1 - r * r * (1 - dot(n, e)^2)` is negative, else `r * e - (r * dot(n, e) + sqrt(k)) * n`.
    fn refract(&mut self, scalar: ScalarType, e: &[Row], n: &[Row], ratio: &[Row]) -> Result<Vec<Row>> {
        use BinaryOperator as B;
        let one = self.float_constant(1.0)?;
        let zero = self.constant(0)?;
        let dot = self.dot(scalar, n, e)?;
        let square = self.arithmetic(B::Multiply, scalar, &[dot], &[dot])?;
        let rest = self.arithmetic(B::Subtract, scalar, &[one], &square)?;
        let ratio_square = self.arithmetic(B::Multiply, scalar, ratio, ratio)?;
        let product = self.arithmetic(B::Multiply, scalar, &ratio_square, &rest)?;
        let k = self.arithmetic(B::Subtract, scalar, &[one], &product)?;
        let total = self.arithmetic(B::Less, scalar, &k, &[zero])?;
        let root = self.float_unary(UnaryOp::Sqrt, scalar, Kind::Special, &k)?;
        let scaled = self.arithmetic(B::Multiply, scalar, ratio, &[dot])?;
        let factor = self.arithmetic(B::Add, scalar, &scaled, &root)?;
        let along = self.arithmetic(B::Multiply, scalar, n, &factor)?;
        let incident = self.arithmetic(B::Multiply, scalar, e, ratio)?;
        let refracted = self.arithmetic(B::Subtract, scalar, &incident, &along)?;
        self.ternary(TernaryOp::Select, Kind::Boolean, &[zero], &refracted, &total)
    }

    fn bits(&mut self, function: MathFunction, scalar: ScalarType, a: &[Row]) -> Result<Vec<Row>> {
        self.require_32_bits(scalar, "bit-counting functions")?;
        let op = match function {
            MathFunction::CountOneBits => UnaryOp::CountOneBits,
            MathFunction::CountLeadingZeros => UnaryOp::LeadingZeros,
            MathFunction::CountTrailingZeros => UnaryOp::TrailingZeros,
            MathFunction::ReverseBits => UnaryOp::ReverseBits,
            MathFunction::FirstTrailingBit => UnaryOp::FirstTrailing,
            _ if scalar.is_signed() => UnaryOp::FirstLeadingSigned,
            _ => UnaryOp::FirstLeadingUnsigned,
        };
        self.unary(op, Kind::Integer, a)
    }

    fn require_32_bits(&self, scalar: ScalarType, what: &str) -> Result<()> {
        if scalar.width() == 4 {
            Ok(())
        } else {
            Err(self.unsupported(format!("{what} of {}", scalar.name())))
        }
    }

    fn pack(&mut self, op: PackOp, a: &[Row]) -> Result<Vec<Row>> {
        let mut src = [a.first().copied().unwrap_or(0); 4];
        for (to, &from) in src.iter_mut().zip(a) {
            *to = from;
        }
        self.count(Kind::Packing, 1);
        let dst = self.temporary(1);
        self.emit(Instruction::Pack { op, dst, src })?;
        Ok(vec![dst])
    }

    fn unpack(&mut self, op: PackOp, a: &[Row]) -> Result<Vec<Row>> {
        let Some(&src) = a.first() else {
            return Err(self.invalid("unpacking nothing"));
        };
        self.count(Kind::Packing, 1);
        let dst = self.temporary(op.scalars());
        self.emit(Instruction::Unpack { op, dst, src })?;
        Ok((dst..dst + op.scalars()).collect())
    }
}

/// Functions of one float, component by component.
const fn unary_float(function: MathFunction) -> Option<UnaryOp> {
    use MathFunction as M;
    Some(match function {
        M::Saturate => UnaryOp::Saturate,
        M::Cos => UnaryOp::Cos,
        M::Cosh => UnaryOp::Cosh,
        M::Sin => UnaryOp::Sin,
        M::Sinh => UnaryOp::Sinh,
        M::Tan => UnaryOp::Tan,
        M::Tanh => UnaryOp::Tanh,
        M::Acos => UnaryOp::Acos,
        M::Asin => UnaryOp::Asin,
        M::Atan => UnaryOp::Atan,
        M::Asinh => UnaryOp::Asinh,
        M::Acosh => UnaryOp::Acosh,
        M::Atanh => UnaryOp::Atanh,
        M::Ceil => UnaryOp::Ceil,
        M::Floor => UnaryOp::Floor,
        M::Round => UnaryOp::Round,
        M::Fract => UnaryOp::Fract,
        M::Trunc => UnaryOp::Trunc,
        M::Exp => UnaryOp::Exp,
        M::Exp2 => UnaryOp::Exp2,
        M::Log => UnaryOp::Log,
        M::Log2 => UnaryOp::Log2,
        M::Sqrt => UnaryOp::Sqrt,
        M::InverseSqrt => UnaryOp::InverseSqrt,
        _ => return None,
    })
}

const fn is_special(op: UnaryOp) -> bool {
    !matches!(
        op,
        UnaryOp::Saturate | UnaryOp::Ceil | UnaryOp::Floor | UnaryOp::Round | UnaryOp::Fract | UnaryOp::Trunc
    )
}
