//! Barriers, atomics, subgroup operations and cooperative matrices.

use std::rc::Rc;

use naga::{
    AtomicFunction, CollectiveOperation, CooperativeData, Expression, GatherMode, Handle, SubgroupOperation,
};

use super::function::FunctionContext;
use super::value::{Meaning, Place, Value};
use super::{Compiler, Result};
use crate::bytecode::{
    AtomicAccess, AtomicOp, CooperativeAccess, CooperativeIndex, Instruction, Memory, Operand, Reduction,
    Row, SubgroupAccess, SubgroupOp,
};
use crate::layout::{LayoutKind, ScalarType, cooperative_rows};

impl<'a> Compiler<'a> {
    pub(super) fn barrier(&mut self, barrier: naga::Barrier) -> Result<()> {
        if barrier.contains(naga::Barrier::SUB_GROUP) {
            self.code.uses_subgroups = true;
            return self.emit(Instruction::SubgroupBarrier);
        }
        self.emit(Instruction::Barrier {
            storage: barrier.contains(naga::Barrier::STORAGE),
            workgroup: barrier.contains(naga::Barrier::WORK_GROUP),
        })
    }

    /// A load between two barriers.
    pub(super) fn workgroup_uniform_load(
        &mut self,
        f: &mut FunctionContext<'a>,
        pointer: Handle<Expression>,
        result: Handle<Expression>,
    ) -> Result<()> {
        let barrier = Instruction::Barrier {
            storage: false,
            workgroup: true,
        };
        let place = self.place(f, pointer)?;
        self.emit(barrier)?;
        let value = match place.layout.kind {
            LayoutKind::Atomic(scalar) => self.atomic_access(&place, AtomicOp::Load, scalar, None, true)?,
            _ => self.load(&place)?,
        };
        self.emit(barrier)?;
        self.define_result(f, result, value)
    }

    pub(super) fn atomic_store(&mut self, place: &Rc<Place>, value: &Value) -> Result<()> {
        let LayoutKind::Atomic(scalar) = place.layout.kind else {
            return Err(self.invalid("an atomic store to something else"));
        };
        self.atomic_access(place, AtomicOp::Store, scalar, value.rows.first().copied(), false)?;
        Ok(())
    }

    pub(super) fn atomic(
        &mut self,
        f: &mut FunctionContext<'a>,
        pointer: Handle<Expression>,
        function: AtomicFunction,
        value: Handle<Expression>,
        result: Option<Handle<Expression>>,
    ) -> Result<()> {
        let place = self.place(f, pointer)?;
        let LayoutKind::Atomic(scalar) = place.layout.kind else {
            return Err(self.invalid("an atomic operation on something else"));
        };
        let op = match function {
            AtomicFunction::Add => AtomicOp::Add,
            AtomicFunction::Subtract => AtomicOp::Subtract,
            AtomicFunction::And => AtomicOp::And,
            AtomicFunction::ExclusiveOr => AtomicOp::Xor,
            AtomicFunction::InclusiveOr => AtomicOp::Or,
            AtomicFunction::Min => AtomicOp::Min,
            AtomicFunction::Max => AtomicOp::Max,
            AtomicFunction::Exchange { compare: None } => AtomicOp::Exchange,
            AtomicFunction::Exchange {
                compare: Some(compare),
            } => {
                let compare = self.value(f, compare)?;
                let Some(&compare) = compare.rows.first() else {
                    return Err(self.invalid("a comparison with nothing"));
                };
                AtomicOp::CompareExchange { compare }
            }
        };
        let value = self.value(f, value)?;
        let value = self.atomic_access(&place, op, scalar, value.rows.first().copied(), result.is_some())?;
        match result {
            Some(result) => self.define_result(f, result, value),
            None => Ok(()),
        }
    }

    /// An atomic load that was written as a load of an atomic.
    pub(super) fn atomic_load(&mut self, place: &Place, scalar: ScalarType) -> Result<Value> {
        self.atomic_access(place, AtomicOp::Load, scalar, None, true)
    }

    fn atomic_access(
        &mut self,
        place: &Place,
        op: AtomicOp,
        scalar: ScalarType,
        value: Option<Row>,
        used: bool,
    ) -> Result<Value> {
        if place.is_local() {
            return Err(self.invalid("an atomic variable in function or private memory"));
        }
        if !matches!(scalar, ScalarType::I32 | ScalarType::U32 | ScalarType::F32) {
            return Err(self.unsupported(format!("atomic<{}>", scalar.name())));
        }
        let results = match op {
            AtomicOp::CompareExchange { .. } => 2,
            _ if used => 1,
            _ => 0,
        };
        let result = (results > 0).then(|| self.temporary(results));
        self.note_atomic(place.memory, op, scalar, used);
        let value = match value {
            Some(value) => value,
            None => self.constant(0)?,
        };
        let access = AtomicAccess {
            place: self.access_of(place, Rc::new([])),
            op,
            scalar,
            value,
            result,
        };
        let atomic = self.code.atomics.len() as u32;
        self.code.atomics.push(access);
        self.emit(Instruction::Atomic { atomic })?;
        Ok(result.map_or_else(|| Value::new(Vec::new()), |first| Value::run(first, results)))
    }

    /// Notes whether the order of workgroups shows in the memory or in a value.
    ///
    /// Integer additions commute with each other, and so do all other operations with themselves; as soon as two
    /// kinds meet, an old value is looked at, or floats are added, order matters and workgroups run one by one.
    fn note_atomic(&mut self, memory: Memory, op: AtomicOp, scalar: ScalarType, used: bool) {
        let Memory::Binding(binding) = memory else { return };
        let class = match op {
            AtomicOp::Load => AtomicClass::Load,
            AtomicOp::Store | AtomicOp::Exchange | AtomicOp::CompareExchange { .. } => AtomicClass::Ordered,
            _ if used || scalar == ScalarType::F32 => AtomicClass::Ordered,
            AtomicOp::Add | AtomicOp::Subtract => AtomicClass::Add,
            AtomicOp::And => AtomicClass::And,
            AtomicOp::Or => AtomicClass::Or,
            AtomicOp::Xor => AtomicClass::Xor,
            AtomicOp::Min => AtomicClass::Min,
            AtomicOp::Max => AtomicClass::Max,
        };
        let known = self.atomic_classes.entry(binding).or_insert(class);
        if *known != class || class == AtomicClass::Ordered {
            self.code.order_dependent = true;
        }
    }

    pub(super) fn subgroup_ballot(
        &mut self,
        f: &mut FunctionContext<'a>,
        result: Handle<Expression>,
        predicate: Option<Handle<Expression>>,
    ) -> Result<()> {
        let predicate = match predicate {
            Some(predicate) => self.value(f, predicate)?.rows.to_vec(),
            None => vec![self.constant(1)?],
        };
        let value = self.subgroup(SubgroupOp::Ballot, ScalarType::Bool, &predicate, 4)?;
        self.define_result(f, result, value)
    }

    pub(super) fn subgroup_collective(
        &mut self,
        f: &mut FunctionContext<'a>,
        op: SubgroupOperation,
        collective: CollectiveOperation,
        argument: Handle<Expression>,
        result: Handle<Expression>,
    ) -> Result<()> {
        let reduction = match op {
            SubgroupOperation::All => Reduction::All,
            SubgroupOperation::Any => Reduction::Any,
            SubgroupOperation::Add => Reduction::Add,
            SubgroupOperation::Mul => Reduction::Multiply,
            SubgroupOperation::Min => Reduction::Min,
            SubgroupOperation::Max => Reduction::Max,
            SubgroupOperation::And => Reduction::And,
            SubgroupOperation::Or => Reduction::Or,
            SubgroupOperation::Xor => Reduction::Xor,
        };
        let op = match collective {
            CollectiveOperation::Reduce => SubgroupOp::Reduce(reduction),
            CollectiveOperation::InclusiveScan => SubgroupOp::Inclusive(reduction),
            CollectiveOperation::ExclusiveScan => SubgroupOp::Exclusive(reduction),
        };
        let scalar = self.scalar_of(f, argument)?;
        let rows = self.value(f, argument)?.rows;
        let value = self.subgroup(op, scalar, &rows, rows.len() as u32)?;
        self.define_result(f, result, value)
    }

    pub(super) fn subgroup_gather(
        &mut self,
        f: &mut FunctionContext<'a>,
        mode: GatherMode,
        argument: Handle<Expression>,
        result: Handle<Expression>,
    ) -> Result<()> {
        let mut row = |index| -> Result<Row> {
            let value = self.value(f, index)?;
            value
                .rows
                .first()
                .copied()
                .ok_or_else(|| self.invalid("a lane number without a value"))
        };
        let op = match mode {
            GatherMode::BroadcastFirst => SubgroupOp::BroadcastFirst,
            GatherMode::Broadcast(index) => SubgroupOp::Broadcast(row(index)?),
            GatherMode::Shuffle(index) => SubgroupOp::Shuffle(row(index)?),
            GatherMode::ShuffleDown(index) => SubgroupOp::ShuffleDown(row(index)?),
            GatherMode::ShuffleUp(index) => SubgroupOp::ShuffleUp(row(index)?),
            GatherMode::ShuffleXor(index) => SubgroupOp::ShuffleXor(row(index)?),
            GatherMode::QuadBroadcast(index) => SubgroupOp::QuadBroadcast(row(index)?),
            GatherMode::QuadSwap(naga::Direction::X) => SubgroupOp::QuadSwap(1),
            GatherMode::QuadSwap(naga::Direction::Y) => SubgroupOp::QuadSwap(2),
            GatherMode::QuadSwap(naga::Direction::Diagonal) => SubgroupOp::QuadSwap(3),
        };
        let scalar = self.scalar_of(f, argument)?;
        let rows = self.value(f, argument)?.rows;
        let value = self.subgroup(op, scalar, &rows, rows.len() as u32)?;
        self.define_result(f, result, value)
    }

    fn subgroup(
        &mut self,
        op: SubgroupOp,
        scalar: ScalarType,
        values: &[Row],
        results: u32,
    ) -> Result<Value> {
        self.code.uses_subgroups = true;
        let dst = self.temporary(results);
        let operation = self.code.subgroup_operations.len() as u32;
        self.code.subgroup_operations.push(SubgroupAccess {
            op,
            scalar,
            values: values.into(),
            dst,
        });
        self.emit(Instruction::Subgroup { operation })?;
        Ok(Value::run(dst, results))
    }

    pub(super) fn cooperative_load(
        &mut self,
        f: &mut FunctionContext<'a>,
        size: u32,
        data: CooperativeData,
    ) -> Result<Value> {
        let rows = cooperative_rows(size);
        let dst = self.temporary(rows);
        let values = (dst..dst + rows).collect::<Vec<_>>();
        let operation = self.cooperative_access(f, size, data, &values)?;
        self.emit(Instruction::CooperativeLoad { operation })?;
        Ok(Value::new(values))
    }

    pub(super) fn cooperative_store(
        &mut self,
        f: &mut FunctionContext<'a>,
        target: Handle<Expression>,
        data: CooperativeData,
    ) -> Result<()> {
        let layout = self.value_layout(f, target)?;
        let LayoutKind::Cooperative { size, .. } = layout.kind else {
            return Err(self.invalid("a cooperative store of something else"));
        };
        let values = self.value(f, target)?.rows;
        let operation = self.cooperative_access(f, size, data, &values)?;
        self.emit(Instruction::CooperativeStore { operation })
    }

    fn cooperative_access(
        &mut self,
        f: &mut FunctionContext<'a>,
        size: u32,
        data: CooperativeData,
        values: &[Row],
    ) -> Result<u32> {
        let place = match self.meaning(f, data.pointer)? {
            Meaning::Place(place) => place,
            Meaning::Value(_) => return Err(self.invalid("a cooperative access to a value")),
        };
        let scalars = match place.layout.kind {
            LayoutKind::Scalar(scalar) => Some((scalar, 1)),
            // Three would leave a gap between vectors.
            LayoutKind::Vector { length, scalar } if length != 3 => Some((scalar, length)),
            _ => None,
        };
        let (Some((scalar, scalars)), Some(element)) = (scalars, place.array) else {
            return Err(self.unsupported(
                "a cooperative access to something else than an array of scalars or vectors of 2 or 4",
            ));
        };
        if place.is_local() {
            return Err(self.unsupported("a cooperative access to function or private memory"));
        }
        let first = match (element.index, place.terms.last()) {
            (Some(index), _) => CooperativeIndex::Static(index),
            (None, Some(term)) => CooperativeIndex::Dynamic(term.index),
            (None, None) => return Err(self.invalid("an array element without an index")),
        };
        let stride = self.value(f, data.stride)?;
        let Some(&stride) = stride.rows.first() else {
            return Err(self.invalid("a stride without a value"));
        };
        self.code.uses_subgroups = true;
        let access = CooperativeAccess {
            place: self.access_of(&place, Rc::new([])),
            array: element.limit,
            element_stride: element.stride,
            scalars,
            first,
            stride,
            row_major: data.row_major,
            size,
            scalar,
            values: values.into(),
        };
        self.code.cooperative_operations.push(access);
        Ok(self.code.cooperative_operations.len() as u32 - 1)
    }

    pub(super) fn cooperative_multiply_add(
        &mut self,
        f: &mut FunctionContext<'a>,
        a: Handle<Expression>,
        b: Handle<Expression>,
        c: Handle<Expression>,
    ) -> Result<Value> {
        let layout = self.value_layout(f, c)?;
        let LayoutKind::Cooperative { size, scalar, .. } = layout.kind else {
            return Err(self.invalid("coopMultiplyAdd of something else"));
        };
        let mut half_factors = true;
        for operand in [a, b] {
            match self.value_layout(f, operand)?.kind {
                LayoutKind::Cooperative {
                    size: other, scalar, ..
                } if other == size => half_factors &= scalar == ScalarType::F16,
                _ => return Err(self.unsupported("coopMultiplyAdd of matrices of different sizes")),
            }
        }
        self.code.uses_subgroups = true;
        let rows = cooperative_rows(size);
        let mut operand = |handle| -> Result<Operand> {
            let value = self.value(f, handle)?;
            // Matrices are whole runs of rows, except for zeros, which repeat one row.
            match *value.rows {
                [first, second, ..]
                    if value
                        .rows
                        .windows(2)
                        .all(|w| w[1].wrapping_sub(w[0]) == second.wrapping_sub(first))
                        && second.wrapping_sub(first) <= 1 =>
                {
                    Ok(Operand {
                        row: first,
                        step: second - first,
                    })
                }
                _ => Ok(Operand {
                    row: self.copy_rows(&value.rows)?,
                    step: 1,
                }),
            }
        };
        let (a, b, c) = (operand(a)?, operand(b)?, operand(c)?);
        let dst = self.temporary(rows);
        self.emit(Instruction::CooperativeMultiplyAdd {
            size,
            half_factors,
            half_sums: scalar == ScalarType::F16,
            dst,
            a,
            b,
            c,
        })?;
        Ok(Value::run(dst, rows))
    }
}

/// Operations that commute with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtomicClass {
    Load,
    Add,
    And,
    Or,
    Xor,
    Min,
    Max,
    /// Never commutes.
    Ordered,
}
