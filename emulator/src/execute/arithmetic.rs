//! Operations on rows.

use std::ops::Range;

use super::half::{HAS_FMA, fma, fma_half, fma_or_doubt, half_from_bits, half_to_bits, round_half};
use crate::bytecode::{BinaryOp, Operand, Row, TernaryOp, UnaryOp};

/// The registers of a workgroup: rows of one scalar for each lane.
#[derive(Debug)]
pub(super) struct Registers {
    words: Vec<u32>,
    /// Lanes of a row, padded.
    stride: usize,
}

impl Registers {
    pub(super) fn new(rows: u32, stride: usize) -> Self {
        Self {
            words: vec![0; rows as usize * stride],
            stride,
        }
    }

    /// Lanes of a row.
    #[inline]
    pub(super) fn row(&self, row: Row, lanes: Range<usize>) -> &[u32] {
        let start = row as usize * self.stride;
        self.words
            .get(start + lanes.start..start + lanes.end)
            .unwrap_or_default()
    }

    #[inline]
    pub(super) fn row_mut(&mut self, row: Row, lanes: Range<usize>) -> &mut [u32] {
        let start = row as usize * self.stride;
        self.words
            .get_mut(start + lanes.start..start + lanes.end)
            .unwrap_or_default()
    }

    /// One scalar of one lane.
    #[inline]
    pub(super) fn get(&self, row: Row, lane: usize) -> u32 {
        self.words
            .get(row as usize * self.stride + lane)
            .copied()
            .unwrap_or(0)
    }

    #[inline]
    pub(super) fn set(&mut self, row: Row, lane: usize, value: u32) {
        if let Some(word) = self.words.get_mut(row as usize * self.stride + lane) {
            *word = value;
        }
    }

    /// A destination and its sources, which the compiler keeps apart.
    #[inline]
    fn split<const N: usize>(
        &mut self,
        dst: Row,
        sources: [Row; N],
        lanes: &Range<usize>,
    ) -> (&mut [u32], [&[u32]; N]) {
        let stride = self.stride;
        let (below, rest) = self.words.split_at_mut(dst as usize * stride);
        let (middle, above) = rest.split_at_mut(stride);
        let (below, above) = (&*below, &*above);
        let sources = sources.map(|row| {
            let (part, row) = if row < dst {
                (below, row)
            } else {
                (above, row.wrapping_sub(dst + 1))
            };
            let start = row as usize * stride;
            part.get(start + lanes.start..start + lanes.end)
                .unwrap_or_default()
        });
        (middle.get_mut(lanes.clone()).unwrap_or_default(), sources)
    }

    #[inline(always)]
    fn map1(&mut self, rows: u32, dst: Row, a: Operand, lanes: &Range<usize>, f: impl Fn(u32) -> u32) {
        for i in 0..rows {
            let (out, [a]) = self.split(dst + i, [a.at(i)], lanes);
            for (out, &a) in out.iter_mut().zip(a) {
                *out = f(a);
            }
        }
    }

    #[inline(always)]
    fn map2(
        &mut self,
        rows: u32,
        dst: Row,
        [a, b]: [Operand; 2],
        lanes: &Range<usize>,
        f: impl Fn(u32, u32) -> u32,
    ) {
        for i in 0..rows {
            let (out, [a, b]) = self.split(dst + i, [a.at(i), b.at(i)], lanes);
            for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
                *out = f(a, b);
            }
        }
    }

    #[inline(always)]
    fn map3(
        &mut self,
        rows: u32,
        dst: Row,
        [a, b, c]: [Operand; 3],
        lanes: &Range<usize>,
        f: impl Fn(u32, u32, u32) -> u32,
    ) {
        for i in 0..rows {
            let (out, [a, b, c]) = self.split(dst + i, [a.at(i), b.at(i), c.at(i)], lanes);
            for (((out, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
                *out = f(a, b, c);
            }
        }
    }

    /// Fused multiply-adds. Few results are in doubt, and a row that has one is computed again.
    fn fma(&mut self, rows: u32, dst: Row, [a, b, c]: [Operand; 3], lanes: &Range<usize>) {
        for i in 0..rows {
            let (out, [a, b, c]) = self.split(dst + i, [a.at(i), b.at(i), c.at(i)], lanes);
            let mut doubt = false;
            for (((out, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
                let (result, in_doubt) =
                    fma_or_doubt(f32::from_bits(a), f32::from_bits(b), f32::from_bits(c));
                *out = result.to_bits();
                doubt |= in_doubt;
            }
            if doubt {
                for (((out, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
                    *out = fma(f32::from_bits(a), f32::from_bits(b), f32::from_bits(c)).to_bits();
                }
            }
        }
    }

    /// Writes the lanes of variables whose mask is not zero; `mask` is `None` if all are.
    pub(super) fn assign(
        &mut self,
        rows: u32,
        dst: Row,
        src: Operand,
        lanes: &Range<usize>,
        mask: Option<&[u32]>,
    ) {
        for i in 0..rows {
            if src.at(i) == dst + i {
                continue;
            }
            let (out, [src]) = self.split(dst + i, [src.at(i)], lanes);
            match mask {
                None if out.len() == src.len() => out.copy_from_slice(src),
                None => {}
                Some(mask) => {
                    for ((out, &src), &active) in out.iter_mut().zip(src).zip(mask) {
                        *out = if active != 0 { src } else { *out };
                    }
                }
            }
        }
    }

    #[expect(
        clippy::manual_clamp,
        reason = "`saturate` is a minimum and a maximum also for NaN, as `clamp` is"
    )]
    pub(super) fn unary(&mut self, op: UnaryOp, rows: u32, dst: Row, a: Operand, lanes: &Range<usize>) {
        macro_rules! bits {
            (|$x:ident| $body:expr) => {
                self.map1(rows, dst, a, lanes, |$x| $body)
            };
        }
        macro_rules! float {
            (|$x:ident| $body:expr) => {
                self.map1(rows, dst, a, lanes, |x| {
                    let $x = f32::from_bits(x);
                    $body.to_bits()
                })
            };
        }
        macro_rules! float_to_bits {
            (|$x:ident| $body:expr) => {
                self.map1(rows, dst, a, lanes, |x| {
                    let $x = f32::from_bits(x);
                    $body as u32
                })
            };
        }
        use UnaryOp as U;
        match op {
            U::Copy => bits!(|x| x),
            U::NegateFloat => bits!(|x| x ^ 0x8000_0000),
            U::AbsFloat => bits!(|x| x & 0x7fff_ffff),
            U::SignFloat => float!(|x| sign(x)),
            U::Ceil => float!(|x| x.ceil()),
            U::Floor => float!(|x| x.floor()),
            U::Round => float!(|x| x.round_ties_even()),
            U::Trunc => float!(|x| x.trunc()),
            U::Fract => float!(|x| (x - x.floor())),
            U::Saturate => float!(|x| x.max(0.0).min(1.0)),
            U::Sqrt => float!(|x| x.sqrt()),
            U::InverseSqrt => float!(|x| (1.0 / x.sqrt())),
            U::Exp => float!(|x| x.exp()),
            U::Exp2 => float!(|x| x.exp2()),
            U::Log => float!(|x| x.ln()),
            U::Log2 => float!(|x| x.log2()),
            U::Sin => float!(|x| x.sin()),
            U::Cos => float!(|x| x.cos()),
            U::Tan => float!(|x| x.tan()),
            U::Asin => float!(|x| x.asin()),
            U::Acos => float!(|x| x.acos()),
            U::Atan => float!(|x| x.atan()),
            U::Sinh => float!(|x| x.sinh()),
            U::Cosh => float!(|x| x.cosh()),
            U::Tanh => float!(|x| x.tanh()),
            U::Asinh => float!(|x| x.asinh()),
            U::Acosh => float!(|x| x.acosh()),
            U::Atanh => float!(|x| x.atanh()),
            U::FrexpFraction => float!(|x| frexp(x).0),
            U::FrexpExponent => float_to_bits!(|x| frexp(x).1),
            U::RoundHalf => float!(|x| round_half(x)),
            U::NegateInt => bits!(|x| x.wrapping_neg()),
            U::AbsInt => bits!(|x| (x as i32).wrapping_abs() as u32),
            U::SignInt => bits!(|x| (x as i32).signum() as u32),
            U::Not => bits!(|x| !x),
            U::LogicalNot => bits!(|x| x ^ 1),
            U::CountOneBits => bits!(|x| x.count_ones()),
            U::LeadingZeros => bits!(|x| x.leading_zeros()),
            U::TrailingZeros => bits!(|x| x.trailing_zeros()),
            U::ReverseBits => bits!(|x| x.reverse_bits()),
            U::FirstLeadingSigned => bits!(|x| first_leading(if (x as i32) < 0 { !x } else { x })),
            U::FirstLeadingUnsigned => bits!(|x| first_leading(x)),
            U::FirstTrailing => bits!(|x| if x == 0 { u32::MAX } else { x.trailing_zeros() }),
            U::SignExtend16 => bits!(|x| i32::from(x as i16) as u32),
            U::ZeroExtend16 => bits!(|x| x & 0xffff),
            U::SignedToFloat => bits!(|x| (x as i32 as f32).to_bits()),
            U::UnsignedToFloat => bits!(|x| (x as f32).to_bits()),
            U::FloatToSigned => float_to_bits!(|x| x as i32),
            U::FloatToUnsigned => float_to_bits!(|x| x as u32),
            U::FloatToSigned16 => float_to_bits!(|x| i32::from(x as i16)),
            U::FloatToUnsigned16 => float_to_bits!(|x| x as u16),
            U::FloatToBool => float_to_bits!(|x| (x != 0.0)),
            U::IntToBool => bits!(|x| u32::from(x != 0)),
            U::BoolToFloat => bits!(|x| (x as f32).to_bits()),
            U::IsNan => float_to_bits!(|x| x.is_nan()),
            U::IsInf => float_to_bits!(|x| x.is_infinite()),
            U::HalfToBits => float_to_bits!(|x| half_to_bits(x)),
            U::HalfFromBits => bits!(|x| half_from_bits(x & 0xffff).to_bits()),
        }
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        rows: u32,
        dst: Row,
        operands: [Operand; 2],
        lanes: &Range<usize>,
    ) {
        macro_rules! bits {
            (|$x:ident, $y:ident| $body:expr) => {
                self.map2(rows, dst, operands, lanes, |$x, $y| $body)
            };
        }
        macro_rules! signed {
            (|$x:ident, $y:ident| $body:expr) => {
                self.map2(rows, dst, operands, lanes, |x, y| {
                    let ($x, $y) = (x as i32, y as i32);
                    $body as u32
                })
            };
        }
        macro_rules! float {
            (|$x:ident, $y:ident| $body:expr) => {
                self.map2(rows, dst, operands, lanes, |x, y| {
                    let ($x, $y) = (f32::from_bits(x), f32::from_bits(y));
                    $body.to_bits()
                })
            };
        }
        macro_rules! compare_float {
            (|$x:ident, $y:ident| $body:expr) => {
                self.map2(rows, dst, operands, lanes, |x, y| {
                    let ($x, $y) = (f32::from_bits(x), f32::from_bits(y));
                    u32::from($body)
                })
            };
        }
        use BinaryOp as B;
        match op {
            B::AddFloat => float!(|x, y| (x + y)),
            B::SubtractFloat => float!(|x, y| (x - y)),
            B::MultiplyFloat => float!(|x, y| (x * y)),
            B::DivideFloat => float!(|x, y| (x / y)),
            B::RemainderFloat => float!(|x, y| (x % y)),
            B::MinFloat => float!(|x, y| x.min(y)),
            B::MaxFloat => float!(|x, y| x.max(y)),
            B::EqualFloat => compare_float!(|x, y| x == y),
            B::NotEqualFloat => compare_float!(|x, y| x != y),
            B::LessFloat => compare_float!(|x, y| x < y),
            B::LessEqualFloat => compare_float!(|x, y| x <= y),
            B::AddInt => bits!(|x, y| x.wrapping_add(y)),
            B::SubtractInt => bits!(|x, y| x.wrapping_sub(y)),
            B::MultiplyInt => bits!(|x, y| x.wrapping_mul(y)),
            B::DivideSigned => signed!(|x, y| (if y == 0 { x } else { x.wrapping_div(y) })),
            B::DivideUnsigned => bits!(|x, y| x.checked_div(y).unwrap_or(x)),
            B::RemainderSigned => signed!(|x, y| (if y == 0 { 0 } else { x.wrapping_rem(y) })),
            B::RemainderUnsigned => bits!(|x, y| x.checked_rem(y).unwrap_or(0)),
            B::MinSigned => signed!(|x, y| x.min(y)),
            B::MaxSigned => signed!(|x, y| x.max(y)),
            B::MinUnsigned => bits!(|x, y| x.min(y)),
            B::MaxUnsigned => bits!(|x, y| x.max(y)),
            B::And => bits!(|x, y| x & y),
            B::Or => bits!(|x, y| x | y),
            B::Xor => bits!(|x, y| x ^ y),
            B::ShiftLeft => bits!(|x, y| x.wrapping_shl(y)),
            B::ShiftRightSigned => bits!(|x, y| (x as i32).wrapping_shr(y) as u32),
            B::ShiftRightUnsigned => bits!(|x, y| x.wrapping_shr(y)),
            B::Equal => bits!(|x, y| u32::from(x == y)),
            B::NotEqual => bits!(|x, y| u32::from(x != y)),
            B::LessSigned => signed!(|x, y| (x < y)),
            B::LessEqualSigned => signed!(|x, y| (x <= y)),
            B::LessUnsigned => bits!(|x, y| u32::from(x < y)),
            B::LessEqualUnsigned => bits!(|x, y| u32::from(x <= y)),
            B::Atan2 => float!(|x, y| x.atan2(y)),
            B::Pow => float!(|x, y| x.powf(y)),
            B::Step => float!(|x, y| (if y >= x { 1f32 } else { 0.0 })),
            B::Ldexp => bits!(|x, y| ldexp(f32::from_bits(x), y as i32).to_bits()),
            B::Dot4Signed => bits!(|x, y| dot4(x, y, |byte| i32::from(byte as i8))),
            B::Dot4Unsigned => bits!(|x, y| dot4(x, y, i32::from)),
            B::FieldMask => bits!(|x, y| field_mask(x, y)),
            B::ShiftLeftAll => bits!(|x, y| x.checked_shl(y).unwrap_or(0)),
        }
    }

    pub(super) fn ternary(
        &mut self,
        op: TernaryOp,
        rows: u32,
        dst: Row,
        operands: [Operand; 3],
        lanes: &Range<usize>,
    ) {
        macro_rules! bits {
            (|$x:ident, $y:ident, $z:ident| $body:expr) => {
                self.map3(rows, dst, operands, lanes, |$x, $y, $z| $body)
            };
        }
        let of = f32::from_bits;
        match op {
            TernaryOp::Fma if HAS_FMA => bits!(|x, y, z| fma(of(x), of(y), of(z)).to_bits()),
            TernaryOp::Fma => self.fma(rows, dst, operands, lanes),
            TernaryOp::FmaHalf => bits!(|x, y, z| fma_half(of(x), of(y), of(z)).to_bits()),
            TernaryOp::Select => bits!(|x, y, z| if z != 0 { x } else { y }),
            TernaryOp::SelectBits => bits!(|x, y, z| (x & z) | (y & !z)),
            TernaryOp::ExtractSigned => bits!(|x, y, z| extract(x, y, z, |x, n| ((x as i32) >> n) as u32)),
            TernaryOp::ExtractUnsigned => bits!(|x, y, z| extract(x, y, z, |x, n| x >> n)),
        }
    }
}

fn sign(x: f32) -> f32 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else if x.is_nan() {
        x
    } else {
        0.0
    }
}

/// Fraction in [0.5, 1) and exponent.
fn frexp(x: f32) -> (f32, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let subnormal = x.abs() < f32::MIN_POSITIVE;
    let (x, bias) = if subnormal {
        (x * 2f32.powi(24), 24)
    } else {
        (x, 0)
    };
    let exponent = (x.to_bits() >> 23 & 0xff) as i32 - 126;
    (
        f32::from_bits(x.to_bits() & 0x807f_ffff | 126 << 23),
        exponent - bias,
    )
}

/// `x * 2^e`, rounded once.
fn ldexp(x: f32, e: i32) -> f32 {
    // The range of f32 spans 2^277, within which f64 is exact.
    let factor = f64::from_bits(((e.clamp(-300, 300) + 1023) as u64) << 52);
    (f64::from(x) * factor) as f32
}

fn first_leading(x: u32) -> u32 {
    if x == 0 { u32::MAX } else { 31 - x.leading_zeros() }
}

fn dot4(x: u32, y: u32, value: impl Fn(u8) -> i32) -> u32 {
    let products = x
        .to_le_bytes()
        .into_iter()
        .zip(y.to_le_bytes())
        .map(|(x, y)| value(x) * value(y));
    products.sum::<i32>() as u32
}

/// Ones in `count` bits from `offset` on, as far as 32 bits reach.
fn field_mask(offset: u32, count: u32) -> u32 {
    let offset = offset.min(32);
    match count.min(32 - offset) {
        0 => 0,
        count => (u32::MAX >> (32 - count)) << offset,
    }
}

fn extract(x: u32, offset: u32, count: u32, shift_right: impl Fn(u32, u32) -> u32) -> u32 {
    let offset = offset.min(32);
    match count.min(32 - offset) {
        0 => 0,
        count => shift_right(x << (32 - count - offset), 32 - count),
    }
}
