//! Emitting operations on lists of rows.

use super::{Compiler, MAX_VALUE_ROWS, Result};
use crate::bytecode::{BinaryOp, Check, Instruction, Operand, Row, TernaryOp, UnaryOp};
use crate::counters::OperationKind;
use crate::layout::ScalarType;

impl Compiler<'_> {
    /// Fresh consecutive rows, free again at the end of the expression unless the result keeps them.
    pub(super) fn temporary(&mut self, count: u32) -> Row {
        let first = self.rows.allocate(count);
        self.scratch.extend(first..first + count);
        first
    }

    /// Gives up the temporaries of the expression or statement.
    pub(super) fn end_expression(&mut self) {
        for row in std::mem::take(&mut self.scratch) {
            self.rows.release(row);
        }
    }

    pub(super) fn check_value_size(&self, leaves: u32) -> Result<()> {
        if leaves > MAX_VALUE_ROWS {
            return Err(self.unsupported(format!("a value of {leaves} scalars (at most {MAX_VALUE_ROWS})")));
        }
        Ok(())
    }

    /// Applies an operation to each row.
    pub(super) fn unary(&mut self, op: UnaryOp, kind: OperationKind, a: &[Row]) -> Result<Vec<Row>> {
        let count = a.len() as u32;
        self.count(kind, count);
        let dst = self.temporary(count);
        self.emit_unary(op, dst, a)?;
        Ok((dst..dst + count).collect())
    }

    fn emit_unary(&mut self, op: UnaryOp, dst: Row, a: &[Row]) -> Result<()> {
        for run in runs([a]) {
            self.emit(Instruction::Unary {
                op,
                rows: run.length,
                dst: dst + run.start,
                a: run.operands[0],
            })?;
        }
        Ok(())
    }

    /// Applies an operation to pairs of rows; a list of one row serves all components.
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        kind: OperationKind,
        a: &[Row],
        b: &[Row],
    ) -> Result<Vec<Row>> {
        let length = a.len().max(b.len());
        let (a, b) = (widen(a, length), widen(b, length));
        let count = length as u32;
        self.count(kind, count);
        let dst = self.temporary(count);
        for run in runs([&a, &b]) {
            let [a, b] = run.operands;
            self.emit(Instruction::Binary {
                op,
                rows: run.length,
                dst: dst + run.start,
                a,
                b,
            })?;
        }
        Ok((dst..dst + count).collect())
    }

    pub(super) fn ternary(
        &mut self,
        op: TernaryOp,
        kind: OperationKind,
        a: &[Row],
        b: &[Row],
        c: &[Row],
    ) -> Result<Vec<Row>> {
        let length = a.len().max(b.len()).max(c.len());
        let (a, b, c) = (widen(a, length), widen(b, length), widen(c, length));
        let count = length as u32;
        self.count(kind, count);
        let dst = self.temporary(count);
        for run in runs([&a, &b, &c]) {
            let [a, b, c] = run.operands;
            self.emit(Instruction::Ternary {
                op,
                rows: run.length,
                dst: dst + run.start,
                a,
                b,
                c,
            })?;
        }
        Ok((dst..dst + count).collect())
    }

    /// Fresh consecutive rows with the same contents.
    pub(super) fn copy_rows(&mut self, rows: &[Row]) -> Result<Row> {
        self.check_value_size(rows.len() as u32)?;
        let dst = self.temporary(rows.len() as u32);
        self.emit_unary(UnaryOp::Copy, dst, rows)?;
        Ok(dst)
    }

    /// Assigns to consecutive rows of a variable.
    pub(super) fn assign(&mut self, dst: Row, src: &[Row]) -> Result<()> {
        for run in runs([src]) {
            self.emit(Instruction::Assign {
                rows: run.length,
                dst: dst + run.start,
                src: run.operands[0],
            })?;
        }
        Ok(())
    }

    /// A check of the operation that follows, left out where constants show that nothing can happen.
    pub(super) fn check(&mut self, check: Check, a: &[Row], b: &[Row]) -> Result<()> {
        let length = a.len().max(b.len());
        if b.iter().all(|&row| {
            self.constant_values
                .get(&row)
                .is_some_and(|&bits| is_harmless(check, bits))
        }) {
            return Ok(());
        }
        let (a, b) = (widen(a, length), widen(b, length));
        for run in runs([&a, &b]) {
            let [a, b] = run.operands;
            self.emit(Instruction::Check {
                check,
                rows: run.length,
                a,
                b,
            })?;
        }
        Ok(())
    }

    /// Brings results of `f32` or 32-bit arithmetic back into a narrower type.
    pub(super) fn narrow(&mut self, scalar: ScalarType, rows: Vec<Row>) -> Result<Vec<Row>> {
        let op = match scalar {
            ScalarType::F16 => UnaryOp::RoundHalf,
            ScalarType::I16 => UnaryOp::SignExtend16,
            ScalarType::U16 => UnaryOp::ZeroExtend16,
            _ => return Ok(rows),
        };
        let dst = self.temporary(rows.len() as u32);
        self.emit_unary(op, dst, &rows)?;
        Ok((dst..dst + rows.len() as u32).collect())
    }
}

/// Whether a constant second operand rules the fault out.
fn is_harmless(check: Check, bits: u32) -> bool {
    match check {
        Check::Division { scalar, .. } => bits != 0 && !(scalar.is_signed() && bits == u32::MAX),
        Check::Shift { scalar } => bits < scalar.bits(),
        Check::Conversion { .. } => false,
    }
}

/// Components `start .. start + length` of lists of rows, each of them evenly spaced.
struct Run<const N: usize> {
    start: u32,
    length: u32,
    operands: [Operand; N],
}

/// Cuts lists of equal length into stretches that one instruction can take.
fn runs<const N: usize>(lists: [&[Row]; N]) -> Vec<Run<N>> {
    let length = lists.iter().map(|list| list.len()).min().unwrap_or(0);
    let mut result = Vec::new();
    let mut start = 0;
    while start < length {
        let steps = lists.map(|list| {
            list.get(start + 1)
                .map_or(0, |next| next.wrapping_sub(list[start]))
        });
        let mut end = start + 1;
        if steps.iter().all(|&step| step <= 1) {
            while end < length
                && lists
                    .iter()
                    .zip(steps)
                    .all(|(list, step)| list[end].wrapping_sub(list[end - 1]) == step)
            {
                end += 1;
            }
        }
        let run = (end - start) as u32;
        let mut operands = [Operand { row: 0, step: 0 }; N];
        for ((operand, list), step) in operands.iter_mut().zip(lists).zip(steps) {
            *operand = Operand {
                row: list[start],
                step: if run > 1 { step } else { 0 },
            };
        }
        result.push(Run {
            start: start as u32,
            length: run,
            operands,
        });
        start = end;
    }
    result
}

fn widen(rows: &[Row], length: usize) -> Vec<Row> {
    match rows {
        &[row] => vec![row; length],
        rows => rows.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_cut_where_a_list_changes_its_spacing() {
        let cut = |a: &[Row], b: &[Row]| {
            runs([a, b])
                .iter()
                .map(|run| (run.start, run.length, run.operands[0].step, run.operands[1].step))
                .collect::<Vec<_>>()
        };
        assert_eq!(cut(&[4, 5, 6], &[9, 9, 9]), [(0, 3, 1, 0)]);
        assert_eq!(cut(&[4, 5, 9], &[1, 2, 3]), [(0, 2, 1, 1), (2, 1, 0, 0)]);
        assert_eq!(cut(&[4, 2], &[1, 2]), [(0, 1, 0, 0), (1, 1, 0, 0)]);
    }
}
