//! Parts of values and places, loads and stores.

use std::rc::Rc;
use std::sync::Arc;

use naga::{Expression, Handle, ScalarKind, TypeInner};

use super::function::FunctionContext;
use super::types::{scalar_layout, vector_layout};
use super::value::{Meaning, Place, Value};
use super::{Compiler, Result};
use crate::bytecode::{Access, Instruction, Limit, Memory, Operand, Row, Term};
use crate::layout::{Layout, LayoutKind, ScalarType};

impl<'a> Compiler<'a> {
    /// `base[index]` with an index that is known at run time.
    pub(super) fn access(
        &mut self,
        f: &mut FunctionContext<'a>,
        base: Handle<Expression>,
        index: Handle<Expression>,
    ) -> Result<Meaning> {
        let signed = f.ty(self.module, index).scalar_kind() == Some(ScalarKind::Sint);
        let index = self.value(f, index)?;
        let Some(&row) = index.rows.first() else {
            return Err(self.invalid("an index without a value"));
        };
        let known = self.constant_values.get(&row).copied();
        match self.meaning(f, base)? {
            Meaning::Place(place) => {
                let limit = self.element_limit(&place)?;
                let part = match (known, limit) {
                    (Some(i), Limit::Static(count)) if i < count => place.element(i, limit),
                    _ => place.element_at(row, known, signed, limit, index.borrowed),
                };
                part.map(|part| Meaning::Place(Rc::new(part)))
                    .ok_or_else(|| self.invalid("an index into something without elements"))
            }
            Meaning::Value(value) => {
                let layout = self.value_layout(f, base)?;
                let (element, count) = self.value_elements(&layout)?;
                if let Some(i) = known
                    && i < count
                {
                    return Ok(Meaning::Value(part(&value, i * element.leaves, element.leaves)));
                }
                // The index may be read by lanes that are in range only, so the value must be in one piece.
                let first = self.consecutive(&value)?;
                let name = self.expression_name(f, base);
                let unit = if matches!(layout.kind, LayoutKind::Array { .. }) {
                    "elements"
                } else {
                    "components"
                };
                let term = Term {
                    index: row,
                    signed,
                    stride: element.leaves,
                    limit: Limit::Static(count),
                    of: name,
                    unit,
                };
                let place = Place {
                    memory: Memory::Local,
                    base: first,
                    terms: vec![term],
                    layout: element,
                    name: String::new(),
                    flags: None,
                    array: None,
                    borrowed: false,
                };
                Ok(Meaning::Value(self.load(&place)?))
            }
        }
    }

    /// A member, component, column or element at a known index.
    pub(super) fn access_index(
        &mut self,
        f: &mut FunctionContext<'a>,
        base: Handle<Expression>,
        index: u32,
    ) -> Result<Meaning> {
        match self.meaning(f, base)? {
            Meaning::Place(place) => {
                if let Some(member) = place.member(index) {
                    return Ok(Meaning::Place(Rc::new(member)));
                }
                let limit = self.element_limit(&place)?;
                let part = match limit {
                    Limit::Static(count) if index < count => place.element(index, limit),
                    _ => {
                        let row = self.constant(index)?;
                        place.element_at(row, Some(index), false, limit, false)
                    }
                };
                part.map(|part| Meaning::Place(Rc::new(part)))
                    .ok_or_else(|| self.invalid("an index into something without elements"))
            }
            Meaning::Value(value) => {
                let layout = self.value_layout(f, base)?;
                let (first, count) = match &layout.kind {
                    LayoutKind::Struct { members, .. } => {
                        let before = members
                            .iter()
                            .take(index as usize)
                            .map(|member| member.layout.leaves)
                            .sum();
                        let leaves = members.get(index as usize).map(|member| member.layout.leaves);
                        (
                            before,
                            leaves.ok_or_else(|| self.invalid("a member that does not exist"))?,
                        )
                    }
                    _ => {
                        let (element, count) = self.value_elements(&layout)?;
                        if index >= count {
                            return Err(self.invalid("an index out of range"));
                        }
                        (index * element.leaves, element.leaves)
                    }
                };
                Ok(Meaning::Value(part(&value, first, count)))
            }
        }
    }

    /// Reads a place.
    pub(super) fn load(&mut self, place: &Place) -> Result<Value> {
        let count = place.layout.leaves;
        self.check_value_size(count)?;
        if place.layout.runtime_array().is_some() {
            return Err(self.invalid("a load of a runtime-sized array"));
        }
        if let LayoutKind::Atomic(scalar) = place.layout.kind {
            return self.atomic_load(place, scalar);
        }
        if place.is_local() && place.terms.is_empty() {
            if let Some(flags) = place.flags {
                let name = self.code.names.len() as u32;
                self.code.names.push(place.name.clone());
                self.emit(Instruction::CheckWritten {
                    rows: count,
                    flags: place.base.wrapping_add(flags),
                    name,
                })?;
            }
            return Ok(Value {
                borrowed: true,
                ..Value::run(place.base, count)
            });
        }
        let dst = self.temporary(count);
        let access = self.access_of(place, (dst..dst + count).collect());
        let access = self.add_access(access);
        self.emit(match place.memory {
            Memory::Local => Instruction::LoadLocal { access },
            _ => Instruction::Load { access },
        })?;
        Ok(Value::run(dst, count))
    }

    /// Writes a place.
    pub(super) fn store(&mut self, place: &Place, value: &Value) -> Result<()> {
        if !place.is_local() {
            let access = self.access_of(place, value.rows.clone());
            let access = self.add_access(access);
            return self.emit(Instruction::Store { access });
        }
        // Rows of the variable itself as sources would be overwritten halfway.
        let value = if value.borrowed && value.rows.len() > 1 {
            self.own_value(value.clone())?
        } else {
            value.clone()
        };
        let one = if place.flags.is_some() {
            Some(self.constant(1)?)
        } else {
            None
        };
        if !place.terms.is_empty() {
            let access = self.access_of(place, value.rows.clone());
            let access = self.add_access(access);
            self.emit(Instruction::StoreLocal { access })?;
            if let (Some(flags), Some(one)) = (place.flags, one) {
                let written = std::iter::repeat_n(one, value.rows.len()).collect::<Vec<_>>();
                let mut access = self.access_of(place, written.into());
                access.base = access.base.wrapping_add(flags);
                // The store itself has reported an index out of range.
                access.name.clear();
                let access = self.add_access(access);
                self.emit(Instruction::StoreLocal { access })?;
            }
            return Ok(());
        }
        self.assign(place.base, &value.rows)?;
        if let (Some(flags), Some(one)) = (place.flags, one) {
            let dst = place.base.wrapping_add(flags);
            self.emit(Instruction::Assign {
                rows: place.layout.leaves,
                dst,
                src: Operand { row: one, step: 0 },
            })?;
        }
        Ok(())
    }

    /// The access to a place; `values` are rows to load into or store from.
    pub(super) fn access_of(&self, place: &Place, values: Rc<[Row]>) -> Access {
        let mut leaves = place.layout.leaves();
        if place.is_local() {
            for (row, leaf) in (0..).zip(&mut leaves) {
                leaf.offset = row;
            }
        }
        Access {
            memory: place.memory,
            base: place.base,
            terms: place.terms.clone().into(),
            leaves: leaves.into(),
            values: values.iter().copied().collect(),
            flags: place.flags,
            name: place.name.clone(),
        }
    }

    fn add_access(&mut self, access: Access) -> u32 {
        self.code.accesses.push(access);
        self.code.accesses.len() as u32 - 1
    }

    /// The layout of the type of a value.
    pub(super) fn value_layout(
        &mut self,
        f: &mut FunctionContext<'a>,
        handle: Handle<Expression>,
    ) -> Result<Arc<Layout>> {
        match &f.info[handle].ty {
            naga::proc::TypeResolution::Handle(ty) => self.layout(*ty),
            naga::proc::TypeResolution::Value(TypeInner::Array { base, .. }) => {
                // Arrays always have a handle of their own; this is for modules that no front end made.
                self.layout(*base)
            }
            naga::proc::TypeResolution::Value(inner) => Ok(Arc::new(self.plain_layout(inner)?)),
        }
    }

    /// Layout and number of the parts of a value that an index selects.
    fn value_elements(&self, layout: &Layout) -> Result<(Arc<Layout>, u32)> {
        match &layout.kind {
            LayoutKind::Array {
                element,
                count: Some(count),
                ..
            } => Ok((element.clone(), *count)),
            &LayoutKind::Vector { length, scalar } => Ok((Arc::new(scalar_layout(scalar)), length)),
            &LayoutKind::Matrix {
                columns,
                rows,
                scalar,
                ..
            } => Ok((Arc::new(vector_layout(rows, scalar)), columns)),
            _ => Err(self.invalid("an index into something without elements")),
        }
    }

    /// The name that WGSL gives an expression, or its kind.
    fn expression_name(&self, f: &FunctionContext<'a>, handle: Handle<Expression>) -> String {
        f.function
            .named_expressions
            .get(&handle)
            .cloned()
            .unwrap_or_else(|| "value".to_owned())
    }

    /// The scalar type of a scalar, vector, matrix or cooperative matrix.
    pub(super) fn scalar_of(
        &self,
        f: &FunctionContext<'a>,
        handle: Handle<Expression>,
    ) -> Result<ScalarType> {
        match f.ty(self.module, handle).scalar() {
            Some(scalar) => self.scalar(scalar),
            None => Err(self.invalid("an operand that is not made of scalars of one type")),
        }
    }
}

fn part(value: &Value, first: u32, count: u32) -> Value {
    let rows = value
        .rows
        .iter()
        .copied()
        .skip(first as usize)
        .take(count as usize)
        .collect::<Vec<_>>();
    Value {
        rows: rows.into(),
        borrowed: value.borrowed,
    }
}
