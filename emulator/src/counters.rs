//! What a launch did, counted.
//!
//! Every number is exact and depends on the module, the dispatch, the data and the subgroup size alone: not on
//! the number of threads, and not on the schedule as long as lanes of a subgroup run together.

/// Counts of one launch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Counters {
    /// Workgroups dispatched.
    pub workgroups: u64,
    /// Invocations dispatched: workgroups times workgroup size.
    pub invocations: u64,
    /// Lane-operations: one arithmetic, logic, conversion or comparison operation on one scalar, or one
    /// scalar read from or written to a buffer or workgroup memory, by one active lane. Moves between
    /// variables, constants and control flow are not counted.
    pub lane_operations: u64,
    /// Arithmetic by kind, one for each scalar of each active lane.
    pub operations: OperationCounts,
    /// Loop iterations, one for each active lane of each iteration.
    pub loop_iterations: u64,
    /// `workgroupBarrier`, `storageBarrier`, `textureBarrier`, and two for each `workgroupUniformLoad`;
    /// one for each workgroup that executes it.
    pub barriers: u64,
    /// `subgroupBarrier`, one for each subgroup that executes it.
    pub subgroup_barriers: u64,
    /// Subgroup operations, one for each scalar component and subgroup that executes it.
    pub subgroup_operations: u64,
    /// `coopLoad`, `coopStore` and `coopMultiplyAdd`, one for each subgroup that executes it.
    pub cooperative_operations: u64,
    /// Traffic of each binding that the entry point uses, in the order of [`Program::bindings`](crate::Program::bindings).
    pub bindings: Vec<BindingTraffic>,
    /// Traffic of workgroup memory.
    pub workgroup_memory: WorkgroupTraffic,
}

/// Arithmetic operations by kind, counted for each scalar of each active lane.
///
/// `f16` operations are counted in `half`, by the same kinds as those of `f32` in `float`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OperationCounts {
    /// `f32` arithmetic.
    pub float: FloatOperations,
    /// `f16` arithmetic.
    pub half: FloatOperations,
    /// Integer addition, subtraction, negation, minimum, maximum, comparison, shifts and bit operations.
    pub integer: u64,
    /// Integer multiplications.
    pub integer_multiply: u64,
    /// Integer divisions and remainders.
    pub integer_divide: u64,
    /// Operations on `bool`, and `select`.
    pub boolean: u64,
    /// Conversions between scalar types; a bitcast between types of 32 bits is free.
    pub conversion: u64,
    /// Packing and unpacking built-ins, one for each word.
    pub packing: u64,
    /// `dot4I8Packed` and `dot4U8Packed`.
    pub dot4: u64,
    /// Multiply-adds inside `coopMultiplyAdd`: 512 for each 8x8 and 4096 for each 16x16 operation.
    pub cooperative_multiply_add: u64,
}

/// Floating-point operations by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FloatOperations {
    /// Additions and subtractions.
    pub add: u64,
    /// Multiplications.
    pub multiply: u64,
    /// `fma`.
    pub fma: u64,
    /// Divisions and remainders.
    pub divide: u64,
    /// Square roots, exponentials, logarithms, powers and trigonometry.
    pub special: u64,
    /// Comparisons, minimum, maximum, rounding to integers, sign operations.
    pub other: u64,
}

/// Traffic of one binding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BindingTraffic {
    /// `@group`.
    pub group: u32,
    /// `@binding`.
    pub binding: u32,
    /// Name of the variable.
    pub name: String,
    /// Bytes read by loads and atomic operations, counted for each lane.
    pub bytes_read: u64,
    /// Bytes written by stores and atomic operations, counted for each lane.
    pub bytes_written: u64,
    /// Bytes read at least once: what a perfect cache would fetch.
    pub unique_bytes_read: u64,
    /// Bytes written at least once.
    pub unique_bytes_written: u64,
    /// 32-byte sectors of loads: for each load and subgroup the number of different sectors its active lanes
    /// touch, summed. A sector counts from the start of the binding.
    pub sectors_read: u64,
    /// 32-byte sectors of stores.
    pub sectors_written: u64,
    /// Atomic operations, one for each lane; their bytes and sectors count as read and as written.
    pub atomics: u64,
}

/// Traffic of workgroup memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WorkgroupTraffic {
    /// Bytes read, counted for each lane.
    pub bytes_read: u64,
    /// Bytes written, counted for each lane.
    pub bytes_written: u64,
    /// Atomic operations, one for each lane.
    pub atomics: u64,
    /// Extra passes because of bank conflicts.
    ///
    /// The model: 32 banks of 4 bytes, word `i` of the workgroup's memory lies in bank `i % 32`, and one pass
    /// serves one word of each bank to any number of lanes. An access of a subgroup that touches `w` different
    /// words needs at least `ceil(w / 32)` passes and takes as many as the fullest bank has different words;
    /// the difference is counted. Lanes that read one word together do not conflict.
    pub bank_conflicts: u64,
}

impl std::ops::AddAssign for WorkgroupTraffic {
    fn add_assign(&mut self, other: Self) {
        self.bytes_read += other.bytes_read;
        self.bytes_written += other.bytes_written;
        self.atomics += other.atomics;
        self.bank_conflicts += other.bank_conflicts;
    }
}

/// The kinds under which the bytecode tallies its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum OperationKind {
    Add,
    Multiply,
    Fma,
    Divide,
    Special,
    Other,
    HalfAdd,
    HalfMultiply,
    HalfFma,
    HalfDivide,
    HalfSpecial,
    HalfOther,
    Integer,
    IntegerMultiply,
    IntegerDivide,
    Boolean,
    Conversion,
    Packing,
    Dot4,
    Iteration,
}

impl OperationKind {
    pub(crate) const COUNT: usize = Self::Iteration as usize + 1;

    /// The kind of the same operation on `f16`.
    pub(crate) const fn half(self) -> Self {
        match self {
            Self::Add => Self::HalfAdd,
            Self::Multiply => Self::HalfMultiply,
            Self::Fma => Self::HalfFma,
            Self::Divide => Self::HalfDivide,
            Self::Special => Self::HalfSpecial,
            Self::Other => Self::HalfOther,
            other => other,
        }
    }
}

/// Operations by [`OperationKind`].
pub(crate) type Tally = [u64; OperationKind::COUNT];

impl Counters {
    /// Adds what the arithmetic of one or more regions of code did.
    pub(crate) fn add_tally(&mut self, tally: &Tally) {
        let of = |kind: OperationKind| tally[kind as usize];
        let to = &mut self.operations;
        use OperationKind as K;
        to.float.add += of(K::Add);
        to.float.multiply += of(K::Multiply);
        to.float.fma += of(K::Fma);
        to.float.divide += of(K::Divide);
        to.float.special += of(K::Special);
        to.float.other += of(K::Other);
        to.half.add += of(K::HalfAdd);
        to.half.multiply += of(K::HalfMultiply);
        to.half.fma += of(K::HalfFma);
        to.half.divide += of(K::HalfDivide);
        to.half.special += of(K::HalfSpecial);
        to.half.other += of(K::HalfOther);
        to.integer += of(K::Integer);
        to.integer_multiply += of(K::IntegerMultiply);
        to.integer_divide += of(K::IntegerDivide);
        to.boolean += of(K::Boolean);
        to.conversion += of(K::Conversion);
        to.packing += of(K::Packing);
        to.dot4 += of(K::Dot4);
        self.loop_iterations += of(K::Iteration);
        self.lane_operations += tally.iter().sum::<u64>() - of(K::Iteration);
    }
}
