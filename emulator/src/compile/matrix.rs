//! Products, determinants and inverses of matrices, all column-major.

use naga::BinaryOperator;

use super::value::Value;
use super::{Compiler, Result};
use crate::bytecode::{Row, UnaryOp};
use crate::counters::OperationKind as Kind;
use crate::layout::ScalarType;

impl Compiler<'_> {
    /// `left * right`; a vector on the right is a matrix of one column. Shapes are columns and rows.
    pub(super) fn multiply_matrices(
        &mut self,
        scalar: ScalarType,
        left: &[Row],
        (inner, rows): (usize, usize),
        right: &[Row],
        (columns, _): (usize, usize),
    ) -> Result<Value> {
        let mut result = Vec::with_capacity(columns * rows);
        for column in 0..columns {
            let mut sum: Option<Vec<Row>> = None;
            for k in 0..inner {
                let (Some(vector), Some(&factor)) =
                    (left.get(k * rows..(k + 1) * rows), right.get(column * inner + k))
                else {
                    return Err(self.invalid("matrices that do not fit together"));
                };
                let product = self.arithmetic(BinaryOperator::Multiply, scalar, vector, &[factor])?;
                sum = Some(match sum {
                    None => product,
                    Some(sum) => self.arithmetic(BinaryOperator::Add, scalar, &sum, &product)?,
                });
            }
            result.extend(sum.unwrap_or_default());
        }
        Ok(Value::new(result))
    }

    /// A row vector times a matrix: the dot product with each column.
    pub(super) fn multiply_row(
        &mut self,
        scalar: ScalarType,
        vector: &[Row],
        matrix: &[Row],
        (columns, rows): (usize, usize),
    ) -> Result<Value> {
        let mut result = Vec::with_capacity(columns);
        for column in matrix.chunks(rows.max(1)).take(columns) {
            result.push(self.dot(scalar, vector, column)?);
        }
        Ok(Value::new(result))
    }

    /// Sum of the products of components, from the first to the last.
    pub(super) fn dot(&mut self, scalar: ScalarType, a: &[Row], b: &[Row]) -> Result<Row> {
        let products = self.arithmetic(BinaryOperator::Multiply, scalar, a, b)?;
        let Some((&first, rest)) = products.split_first() else {
            return Err(self.invalid("a dot product of nothing"));
        };
        let mut sum = first;
        for &product in rest {
            sum = self.scalar_arithmetic(BinaryOperator::Add, scalar, sum, product)?;
        }
        Ok(sum)
    }

    pub(super) fn determinant(&mut self, scalar: ScalarType, matrix: &[Row], size: usize) -> Result<Row> {
        let all = (0..size).collect::<Vec<_>>();
        self.minor(scalar, matrix, size, &all, &all)
    }

    pub(super) fn inverse(&mut self, scalar: ScalarType, matrix: &[Row], size: usize) -> Result<Vec<Row>> {
        let determinant = self.determinant(scalar, matrix, size)?;
        let mut result = Vec::with_capacity(size * size);
        for column in 0..size {
            for row in 0..size {
                // Adjugate: the cofactor of the transposed place.
                let columns = (0..size).filter(|&c| c != row).collect::<Vec<_>>();
                let rows = (0..size).filter(|&r| r != column).collect::<Vec<_>>();
                let mut cofactor = self.minor(scalar, matrix, size, &columns, &rows)?;
                if (row + column) % 2 == 1 {
                    let kind = super::operator::float_kind(scalar, Kind::Other);
                    cofactor = self.unary(UnaryOp::NegateFloat, kind, &[cofactor])?[0];
                }
                result.push(self.scalar_arithmetic(BinaryOperator::Divide, scalar, cofactor, determinant)?);
            }
        }
        Ok(result)
    }

    /// The determinant of the part of a matrix in some columns and rows, by expansion along the first column.
    fn minor(
        &mut self,
        scalar: ScalarType,
        matrix: &[Row],
        size: usize,
        columns: &[usize],
        rows: &[usize],
    ) -> Result<Row> {
        let Some((&first, others)) = columns.split_first() else {
            return self.float_constant(1.0);
        };
        let mut sum: Option<Row> = None;
        for (i, &row) in rows.iter().enumerate() {
            let Some(&element) = matrix.get(first * size + row) else {
                return Err(self.invalid("a matrix that is not square"));
            };
            let mut term = element;
            if !others.is_empty() {
                let rest = rows.iter().copied().filter(|&r| r != row).collect::<Vec<_>>();
                let minor = self.minor(scalar, matrix, size, others, &rest)?;
                term = self.scalar_arithmetic(BinaryOperator::Multiply, scalar, element, minor)?;
            }
            let op = if i % 2 == 0 {
                BinaryOperator::Add
            } else {
                BinaryOperator::Subtract
            };
            sum = Some(match sum {
                None => term,
                Some(sum) => self.scalar_arithmetic(op, scalar, sum, term)?,
            });
        }
        match sum {
            Some(sum) => Ok(sum),
            None => self.float_constant(1.0),
        }
    }

    /// An operator on two scalars.
    pub(super) fn scalar_arithmetic(
        &mut self,
        op: BinaryOperator,
        scalar: ScalarType,
        a: Row,
        b: Row,
    ) -> Result<Row> {
        let rows = self.arithmetic(op, scalar, &[a], &[b])?;
        rows.first()
            .copied()
            .ok_or_else(|| self.invalid("an operator without a result"))
    }
}
