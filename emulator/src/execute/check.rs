//! Operations that can go wrong: integer division, shifts, conversions, reads of unwritten variables.

use super::machine::Machine;
use super::mask::Active;
use super::pack::{pack, unpack};
use super::wave::Wave;
use crate::bytecode::{Check, Operand, PackOp, Pc, Row};
use crate::fault::FaultKind;
use crate::layout::ScalarType;

impl Machine<'_> {
    pub(super) fn check(&mut self, wave: &Wave, pc: Pc, check: Check, rows: u32, a: Operand, b: Operand) {
        for i in 0..rows {
            match check {
                Check::Division { scalar, .. } => {
                    let smallest = if scalar == ScalarType::I16 {
                        i32::from(i16::MIN)
                    } else {
                        i32::MIN
                    } as u32;
                    let signed = scalar.is_signed();
                    let is_wrong = |a, b| b == 0 || signed && a == smallest && b == u32::MAX;
                    self.check_row(wave, pc, check, (a.at(i), b.at(i)), is_wrong);
                }
                Check::Shift { scalar } => {
                    let bits = scalar.bits();
                    self.check_row(wave, pc, check, (a.at(i), b.at(i)), |_, b| b >= bits);
                }
                Check::Conversion { to } => {
                    let (low, high) = conversion_range(to);
                    let is_wrong = |a, _| {
                        let value = f64::from(f32::from_bits(a)).trunc();
                        !(value >= low && value <= high)
                    };
                    self.check_row(wave, pc, check, (a.at(i), b.at(i)), is_wrong);
                }
            }
        }
    }

    fn check_row(
        &mut self,
        wave: &Wave,
        pc: Pc,
        check: Check,
        (a, b): (Row, Row),
        is_wrong: impl Fn(u32, u32) -> bool,
    ) {
        let (slot, active) = wave.active();
        let lanes = active.lanes();
        let mask = self.masks.row(slot, lanes.clone());
        let (left, right) = (
            self.registers.row(a, lanes.clone()),
            self.registers.row(b, lanes.clone()),
        );
        let wrong = || {
            left.iter()
                .zip(right)
                .zip(mask)
                .map(|((&a, &b), &active)| active != 0 && is_wrong(a, b))
        };
        let count = wrong().map(u64::from).sum::<u64>();
        if count == 0 {
            return;
        }
        let lane = lanes.start + wrong().position(|wrong| wrong).unwrap_or(0);
        let (a, b) = (self.registers.get(a, lane), self.registers.get(b, lane));
        let kind = match check {
            Check::Division { .. } => FaultKind::DivisionByZero,
            Check::Shift { .. } => FaultKind::ShiftOverflow,
            Check::Conversion { .. } => FaultKind::InvalidConversion,
        };
        self.fault(kind, pc, lane, count, || message(check, a, b));
    }

    pub(super) fn check_written(&mut self, wave: &Wave, pc: Pc, rows: u32, flags: Row, name: u32) {
        let (slot, active) = wave.active();
        let lanes = active.lanes();
        for row in flags..flags + rows {
            let mask = self.masks.row(slot, lanes.clone());
            let written = self.registers.row(row, lanes.clone());
            let unwritten = || {
                written
                    .iter()
                    .zip(mask)
                    .map(|(&written, &active)| active != 0 && written == 0)
            };
            let count = unwritten().map(u64::from).sum::<u64>();
            if count > 0 {
                let lane = lanes.start + unwritten().position(|wrong| wrong).unwrap_or(0);
                let name = self
                    .dispatch
                    .code
                    .names
                    .get(name as usize)
                    .cloned()
                    .unwrap_or_default();
                self.fault(FaultKind::UninitializedRead, pc, lane, count, || {
                    format!("`{name}` is read before it is written")
                });
                return;
            }
        }
    }

    pub(super) fn pack(&mut self, op: PackOp, dst: Row, src: [Row; 4], active: Active) {
        for lane in active.lanes() {
            let scalars = src.map(|row| self.registers.get(row, lane));
            self.registers.set(dst, lane, pack(op, scalars));
        }
    }

    pub(super) fn unpack(&mut self, op: PackOp, dst: Row, src: Row, active: Active) {
        for lane in active.lanes() {
            let scalars = unpack(op, self.registers.get(src, lane));
            for (row, value) in (dst..dst + op.scalars()).zip(scalars) {
                self.registers.set(row, lane, value);
            }
        }
    }
}

/// Smallest and largest value of an integer type.
fn conversion_range(to: ScalarType) -> (f64, f64) {
    match to {
        ScalarType::U32 => (0.0, f64::from(u32::MAX)),
        ScalarType::I16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
        ScalarType::U16 => (0.0, f64::from(u16::MAX)),
        _ => (f64::from(i32::MIN), f64::from(i32::MAX)),
    }
}

fn message(check: Check, a: u32, b: u32) -> String {
    let integer = |scalar: ScalarType, bits: u32| {
        if scalar.is_signed() {
            i64::from(bits as i32)
        } else {
            i64::from(bits)
        }
    };
    match check {
        Check::Division { scalar, remainder } => {
            let (a, b) = (integer(scalar, a), integer(scalar, b));
            let sign = if remainder { '%' } else { '/' };
            match b {
                0 => format!("{a} {sign} 0"),
                _ => format!("{a} {sign} {b}: {} has no such quotient", scalar.name()),
            }
        }
        Check::Shift { scalar } => {
            format!(
                "a shift by {b} of {}, which has {} bits",
                scalar.name(),
                scalar.bits()
            )
        }
        Check::Conversion { to } => {
            let (low, high) = conversion_range(to);
            format!(
                "{:?} as {}, which has the values {low} to {high}",
                f32::from_bits(a),
                to.name()
            )
        }
    }
}
