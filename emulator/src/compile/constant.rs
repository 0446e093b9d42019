//! Constants: rows that hold one value for ever.

use naga::{Arena, Expression, Handle, Literal};

use super::value::Value;
use super::{Compiler, Result};
use crate::bytecode::Row;

impl Compiler<'_> {
    /// The row of a constant.
    pub(super) fn constant(&mut self, bits: u32) -> Result<Row> {
        if let Some(&row) = self.constant_rows.get(&bits) {
            return Ok(row);
        }
        let row = self.rows.allocate_permanent(1);
        self.code.constants.push((row, bits));
        self.constant_rows.insert(bits, row);
        self.constant_values.insert(row, bits);
        Ok(row)
    }

    pub(super) fn float_constant(&mut self, value: f32) -> Result<Row> {
        self.constant(value.to_bits())
    }

    pub(super) fn constants(&mut self, bits: &[u32]) -> Result<Value> {
        self.check_value_size(bits.len() as u32)?;
        let mut rows = Vec::with_capacity(bits.len());
        for &bits in bits {
            rows.push(self.constant(bits)?);
        }
        Ok(Value::new(rows))
    }

    /// Consecutive rows with the contents of a value, for indexing by lane.
    pub(super) fn consecutive(&mut self, value: &Value) -> Result<Row> {
        let Some(&first) = value.rows.first() else {
            return self.constant(0);
        };
        if value
            .rows
            .iter()
            .zip(first..)
            .all(|(&row, expected)| row == expected)
        {
            return Ok(first);
        }
        let bits = value
            .rows
            .iter()
            .map(|row| self.constant_values.get(row).copied())
            .collect::<Option<Vec<_>>>();
        let Some(bits) = bits else {
            return self.copy_rows(&value.rows);
        };
        if let Some(&row) = self.constant_runs.get(&bits) {
            return Ok(row);
        }
        let count = bits.len() as u32;
        let first = self.rows.allocate_permanent(count);
        self.code.constants.extend((first..).zip(bits.iter().copied()));
        self.constant_runs.insert(bits, first);
        Ok(first)
    }

    /// Evaluates what naga leaves of constant expressions: scalars, zeros and compositions of them.
    pub(super) fn constant_value(
        &mut self,
        arena: &Arena<Expression>,
        handle: Handle<Expression>,
    ) -> Result<Option<Vec<u32>>> {
        Ok(match arena[handle] {
            Expression::Literal(literal) => Some(vec![self.literal(literal)?]),
            Expression::Constant(constant) => {
                let module = self.module;
                self.constant_value(&module.global_expressions, module.constants[constant].init)?
            }
            Expression::ZeroValue(ty) => {
                let leaves = self.layout(ty)?.leaves;
                self.check_value_size(leaves)?;
                Some(vec![0; leaves as usize])
            }
            Expression::Compose { ref components, .. } => {
                let mut bits = Vec::new();
                for &component in components {
                    match self.constant_value(arena, component)? {
                        Some(component) => bits.extend(component),
                        None => return Ok(None),
                    }
                }
                Some(bits)
            }
            Expression::Splat { size, value } => self
                .constant_value(arena, value)?
                .map(|bits| bits.repeat(size as usize)),
            Expression::Swizzle {
                size,
                vector,
                pattern,
            } => self.constant_value(arena, vector)?.and_then(|bits| {
                pattern
                    .iter()
                    .take(size as usize)
                    .map(|&c| bits.get(c as usize).copied())
                    .collect()
            }),
            _ => None,
        })
    }

    fn literal(&self, literal: Literal) -> Result<u32> {
        Ok(match literal {
            Literal::F32(value) => value.to_bits(),
            Literal::F16(value) => value.to_f32().to_bits(),
            Literal::U32(value) => value,
            Literal::I32(value) => value as u32,
            Literal::U16(value) => u32::from(value),
            Literal::I16(value) => i32::from(value) as u32,
            Literal::Bool(value) => u32::from(value),
            Literal::F64(_) => return Err(self.unsupported("f64")),
            Literal::U64(_) => return Err(self.unsupported("u64")),
            Literal::I64(_) => return Err(self.unsupported("i64")),
            Literal::AbstractInt(_) | Literal::AbstractFloat(_) => {
                return Err(self.invalid("an abstract literal"));
            }
        })
    }
}
