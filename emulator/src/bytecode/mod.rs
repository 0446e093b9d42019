//! The flat register code that a module is compiled to.
//!
//! A *row* holds one scalar of every lane of a workgroup side by side; a vector takes one row for each component.
//! An instruction works on whole rows. What it computes is only ever used by lanes that were active when it was
//! computed, so that pure operations run over the whole range of active lanes without a mask; only assignments to
//! variables, memory accesses and checks look at the mask.
//!
//! Control flow is structured and functions are inlined, hence the mask that is valid at any instruction is known
//! when compiling: each construct owns mask *slots*, and no stack exists at run time.

mod operation;

use std::sync::Arc;

pub(crate) use self::operation::{BinaryOp, PackOp, TernaryOp, UnaryOp};
use crate::counters::Tally;
use crate::layout::{Layout, Leaf, ScalarType};

/// Index of a row of registers.
pub(crate) type Row = u32;

/// Index of a mask.
pub(crate) type Slot = u32;

/// Index of an instruction.
pub(crate) type Pc = u32;

/// Rows `row`, `row + step`, `row + 2 * step` and so on; a step of 0 uses one scalar for every component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Operand {
    pub(crate) row: Row,
    pub(crate) step: u32,
}

impl Operand {
    pub(crate) const fn at(self, i: u32) -> Row {
        self.row + i * self.step
    }
}

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Instruction {
    Unary {
        op: UnaryOp,
        rows: u32,
        dst: Row,
        a: Operand,
    },
    Binary {
        op: BinaryOp,
        rows: u32,
        dst: Row,
        a: Operand,
        b: Operand,
    },
    Ternary {
        op: TernaryOp,
        rows: u32,
        dst: Row,
        a: Operand,
        b: Operand,
        c: Operand,
    },
    /// Four or two scalars to one word.
    Pack {
        op: PackOp,
        dst: Row,
        src: [Row; 4],
    },
    /// One word to four or two scalars in consecutive rows.
    Unpack {
        op: PackOp,
        dst: Row,
        src: Row,
    },
    /// Writes active lanes of variables.
    Assign {
        rows: u32,
        dst: Row,
        src: Operand,
    },
    /// Reports faults of the operation that follows.
    Check {
        check: Check,
        rows: u32,
        a: Operand,
        b: Operand,
    },
    /// Reports variables that are read before they are written; `a` are their flags.
    CheckWritten {
        rows: u32,
        flags: Row,
        name: u32,
    },
    /// Number of elements of a runtime-sized array.
    ArrayLength {
        dst: Row,
        array: u32,
    },

    Load {
        access: u32,
    },
    Store {
        access: u32,
    },
    /// Indexes rows of registers by lane.
    LoadLocal {
        access: u32,
    },
    StoreLocal {
        access: u32,
    },
    Atomic {
        atomic: u32,
    },

    /// Adds the tally of a region, once for each active lane.
    Tally {
        region: u32,
    },
    /// Splits the mask of the parent by a condition and goes on with the lanes for which it holds.
    If {
        parent: Slot,
        then: Slot,
        otherwise: Option<Slot>,
        condition: Row,
        target: Pc,
    },
    /// Goes on with another mask, or at `target` if it is empty.
    Mask {
        slot: Slot,
        target: Option<Pc>,
    },
    /// `to` becomes the lanes of the current mask.
    CopyMask {
        to: Slot,
    },
    /// Takes the active lanes out of masks `first..first + count` of the leave table, the current one among them.
    Leave {
        first: u32,
        count: u32,
    },
    /// Resets the iteration counter.
    LoopEnter {
        id: u32,
    },
    /// Starts an iteration for the lanes of `lanes`, or goes to `end` if none is left.
    LoopTop {
        id: u32,
        lanes: Slot,
        body: Slot,
        end: Pc,
    },
    /// Takes lanes for which the condition holds out of the current mask.
    BreakIf {
        condition: Row,
    },
    /// Mask of a case: lanes of the parent whose selector is one of the values, or none of them if `default`.
    /// `fall` adds the lanes that fell through from the case before.
    Case {
        parent: Slot,
        slot: Slot,
        selector: Row,
        first: u32,
        count: u32,
        default: bool,
        fall: Option<Slot>,
        target: Pc,
    },
    Jump {
        target: Pc,
    },

    Barrier {
        storage: bool,
        workgroup: bool,
    },
    SubgroupBarrier,
    Subgroup {
        operation: u32,
    },
    CooperativeLoad {
        operation: u32,
    },
    CooperativeStore {
        operation: u32,
    },
    CooperativeMultiplyAdd {
        size: u32,
        /// Whether both factors are of `f16`, and whether the sums are.
        half_factors: bool,
        half_sums: bool,
        dst: Row,
        a: Operand,
        b: Operand,
        c: Operand,
    },

    /// The invocation is over.
    End,
}

/// What to look for before an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Check {
    /// `a / b` or `a % b`.
    Division { scalar: ScalarType, remainder: bool },
    /// A shift of a scalar by `b`.
    Shift { scalar: ScalarType },
    /// Conversion of the float `a`.
    Conversion { to: ScalarType },
}

/// Where an access goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Memory {
    /// A uniform or storage buffer, by its index in the reflection.
    Binding(u32),
    /// Bytes of the dispatch command.
    Immediate,
    Workgroup,
    /// Rows of registers; offsets and strides count rows.
    Local,
}

/// A load or store: a place and the rows that go with it.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) memory: Memory,
    pub(crate) base: u32,
    pub(crate) terms: Box<[Term]>,
    /// The scalars that are accessed, relative to the place.
    pub(crate) leaves: Box<[Leaf]>,
    /// One row for each leaf: destinations of a load, sources of a store.
    pub(crate) values: Box<[Row]>,
    /// Distance from each row of the variable to its flag, if reads before writes are looked for.
    pub(crate) flags: Option<Row>,
    /// The place as WGSL writes it, for messages.
    pub(crate) name: String,
}

/// An index that is known at run time only.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) index: Row,
    pub(crate) signed: bool,
    pub(crate) stride: u32,
    pub(crate) limit: Limit,
    /// What is indexed, as WGSL writes it.
    pub(crate) of: String,
    /// `elements`, `columns` or `components`.
    pub(crate) unit: &'static str,
}

/// Number of elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    Static(u32),
    /// Of a runtime-sized array, by its index in [`Code::runtime_arrays`].
    Runtime(u32),
}

/// An atomic operation.
#[derive(Clone, Debug)]
pub(crate) struct AtomicAccess {
    pub(crate) place: Access,
    pub(crate) op: AtomicOp,
    pub(crate) scalar: ScalarType,
    pub(crate) value: Row,
    /// Old value, if it is used.
    pub(crate) result: Option<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum AtomicOp {
    Load,
    Store,
    Add,
    Subtract,
    And,
    Or,
    Xor,
    Min,
    Max,
    Exchange,
    /// Puts whether the exchange took place into the row after the result.
    CompareExchange {
        compare: Row,
    },
}

/// A subgroup operation on each of its rows.
#[derive(Clone, Debug)]
pub(crate) struct SubgroupAccess {
    pub(crate) op: SubgroupOp,
    pub(crate) scalar: ScalarType,
    pub(crate) values: Box<[Row]>,
    pub(crate) dst: Row,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SubgroupOp {
    /// Four words, whatever the number of values (one, the predicate).
    Ballot,
    Reduce(Reduction),
    Inclusive(Reduction),
    Exclusive(Reduction),
    BroadcastFirst,
    Broadcast(Row),
    Shuffle(Row),
    ShuffleDown(Row),
    ShuffleUp(Row),
    ShuffleXor(Row),
    QuadBroadcast(Row),
    /// By the xor of the lane number within the quad.
    QuadSwap(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reduction {
    All,
    Any,
    Add,
    Multiply,
    Min,
    Max,
    And,
    Or,
    Xor,
}

/// A cooperative load or store.
#[derive(Clone, Debug)]
pub(crate) struct CooperativeAccess {
    /// The first element; its last term, if any, counts elements of the array.
    pub(crate) place: Access,
    /// Elements of the array behind the place, from the place's static part on.
    pub(crate) array: Limit,
    pub(crate) element_stride: u32,
    /// Scalars of an element: more than one where the array is of vectors, which then counts the stride in vectors.
    pub(crate) scalars: u32,
    /// Index of the first element within the array.
    pub(crate) first: CooperativeIndex,
    pub(crate) stride: Row,
    pub(crate) row_major: bool,
    pub(crate) size: u32,
    pub(crate) scalar: ScalarType,
    /// First row of the destination or the rows of the source.
    pub(crate) values: Box<[Row]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CooperativeIndex {
    Static(u32),
    Dynamic(Row),
}

/// A value that the dispatch determines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    LocalIndex,
    LocalId(u32),
    GlobalId(u32),
    WorkgroupId(u32),
    NumWorkgroups(u32),
    WorkgroupSize(u32),
    NumSubgroups,
    SubgroupId,
    SubgroupSize,
    SubgroupInvocationId,
}

/// The runtime-sized array of a binding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RuntimeArray {
    pub(crate) binding: u32,
    pub(crate) offset: u32,
    pub(crate) stride: u32,
}

/// A variable in workgroup memory.
#[derive(Clone, Debug)]
pub(crate) struct WorkgroupVariable {
    pub(crate) name: String,
    pub(crate) base: u32,
    pub(crate) layout: Arc<Layout>,
}

/// The code of one entry point.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    pub(crate) instructions: Vec<Instruction>,
    /// Span of each instruction.
    pub(crate) spans: Vec<naga::Span>,
    pub(crate) rows: u32,
    pub(crate) slots: u32,
    pub(crate) loops: u32,
    /// Rows that hold one value for ever.
    pub(crate) constants: Vec<(Row, u32)>,
    pub(crate) builtins: Vec<(Row, Builtin)>,
    pub(crate) accesses: Vec<Access>,
    pub(crate) atomics: Vec<AtomicAccess>,
    pub(crate) subgroup_operations: Vec<SubgroupAccess>,
    pub(crate) cooperative_operations: Vec<CooperativeAccess>,
    pub(crate) tallies: Vec<Tally>,
    pub(crate) leave_slots: Vec<Slot>,
    pub(crate) case_values: Vec<u32>,
    pub(crate) names: Vec<String>,
    pub(crate) runtime_arrays: Vec<RuntimeArray>,
    pub(crate) workgroup_variables: Vec<WorkgroupVariable>,
    pub(crate) workgroup_bytes: u32,
    pub(crate) workgroup_size: [u32; 3],
    /// Whether lanes of a subgroup must run together.
    pub(crate) uses_subgroups: bool,
    /// Whether atomic operations in storage make results depend on the order of workgroups.
    pub(crate) order_dependent: bool,
}

impl Code {
    /// Lanes of a workgroup.
    pub(crate) fn lanes(&self) -> u32 {
        self.workgroup_size.iter().product()
    }
}
