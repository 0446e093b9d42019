//! What a launch can do wrong, and the record of one such wrong.

use std::fmt;

use crate::source::Location;

/// The kind of a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FaultKind {
    /// An index is not smaller than the number of elements of what it indexes: a buffer, a workgroup or
    /// local array, a column of a matrix, a component of a vector. The read yields zero, the write is skipped.
    OutOfBounds,
    /// Workgroup memory is read that this workgroup has not written, or a variable without initialiser is
    /// read before it is written (the latter only if the program was compiled with
    /// [`require_initialized_variables`](crate::CompileOptions::require_initialized_variables)).
    /// The read yields zero.
    UninitializedRead,
    /// Two lanes access one location, at least one of them by a plain write, and no barrier that covers the
    /// address space orders them; or two workgroups do so in a storage buffer.
    DataRace,
    /// Some lanes of the workgroup do not reach a barrier that others wait at.
    DivergentBarrier,
    /// A subgroup or cooperative operation is executed by a part of a subgroup only.
    DivergentCollective,
    /// Integer division or remainder by zero, or of the smallest integer by -1.
    DivisionByZero,
    /// A shift by as many bits as the value has, or more. The amount is taken modulo the width.
    ShiftOverflow,
    /// A float outside of the range of the integer type it is converted to, or NaN. The result saturates;
    /// NaN gives zero.
    InvalidConversion,
    /// A loop ran more often than the limit allows; all its lanes leave it.
    EndlessLoop,
    /// An element of a binding that was named as an output was never written.
    UnwrittenOutput,
    /// Two workgroups stored to the same element of a binding that was named as an output.
    DoubleWrite,
}

impl FaultKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::OutOfBounds,
        Self::UninitializedRead,
        Self::DataRace,
        Self::DivergentBarrier,
        Self::DivergentCollective,
        Self::DivisionByZero,
        Self::ShiftOverflow,
        Self::InvalidConversion,
        Self::EndlessLoop,
        Self::UnwrittenOutput,
        Self::DoubleWrite,
    ];

    /// The name in reports: `out_of_bounds`, `data_race` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OutOfBounds => "out_of_bounds",
            Self::UninitializedRead => "uninitialized_read",
            Self::DataRace => "data_race",
            Self::DivergentBarrier => "divergent_barrier",
            Self::DivergentCollective => "divergent_collective",
            Self::DivisionByZero => "division_by_zero",
            Self::ShiftOverflow => "shift_overflow",
            Self::InvalidConversion => "invalid_conversion",
            Self::EndlessLoop => "endless_loop",
            Self::UnwrittenOutput => "unwritten_output",
            Self::DoubleWrite => "double_write",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One kind of wrong at one line, as it first happened, and how often it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Fault {
    /// What went wrong.
    pub kind: FaultKind,
    /// Where in the WGSL text; `None` if the module carries no spans. Serialized as `line` and `column`.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub location: Option<Location>,
    /// The workgroup in which it first happened; `None` for what concerns the whole launch.
    pub workgroup: Option<[u32; 3]>,
    /// The local invocation index of the lane to which it first happened.
    pub lane: Option<u32>,
    /// The value and the limit it broke, for example ``index 37 of `tile`, which has 32 elements``.
    pub message: String,
    /// How many lanes met it at this line, in all workgroups.
    pub count: u64,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(location) = self.location {
            write!(f, " at {location}")?;
        }
        match (self.lane, self.workgroup) {
            (Some(lane), Some([x, y, z])) => write!(f, ", lane {lane} of workgroup ({x}, {y}, {z})")?,
            (None, Some([x, y, z])) => write!(f, ", workgroup ({x}, {y}, {z})")?,
            _ => {}
        }
        write!(f, ": {}", self.message)?;
        if self.count > 1 {
            write!(f, " ({} times)", self.count)?;
        }
        Ok(())
    }
}
