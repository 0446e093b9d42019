//! The kernel of cooperative matrices for a few rows.

use core::fmt;

use super::{Family, Label, Matrix, MatrixSide, load};
use crate::{Dispatch, Feature, Route, RowsServed};

/// Cooperative matrices for a few rows: one matrix holds all of them, and the subgroups of a workgroup divide K.
///
/// All lanes dequantise a step of K into workgroup memory; each subgroup multiplies its part of the step, for all columns, and the subgroups' sums meet at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SkinnyMatrix {
    /// Output columns of a workgroup.
    pub columns: u32,
    /// Elements of K that workgroup memory holds at once.
    pub tile_k: u32,
    /// Subgroups of a workgroup.
    pub subgroups: u32,
    /// Steps of K that are on their way in registers.
    pub ahead: u32,
}

impl SkinnyMatrix {
    /// The rows that one matrix holds.
    pub const ROWS: u32 = MatrixSide::Sixteen.length();
    /// Elements of K that a lane loads at once: 16 bytes of weights.
    pub const LOAD: u32 = load::WEIGHTS;
    /// What is taken where a description names none.
    pub const DEFAULT: Self = Self {
        columns: 32,
        tile_k: 128,
        subgroups: 4,
        ahead: 2,
    };

    /// Lanes of a workgroup.
    #[must_use]
    pub const fn threads(&self) -> u32 {
        self.subgroups * Matrix::SUBGROUP_SIZE
    }

    /// Loads of 16 bytes of weights that a thread makes in one step.
    #[must_use]
    pub const fn weight_loads(&self) -> u32 {
        self.columns * self.tile_k / (Self::LOAD * self.threads())
    }

    /// Loads of four inputs that a thread makes in one step.
    #[must_use]
    pub const fn input_loads(&self) -> u32 {
        Self::ROWS * self.tile_k / (4 * self.threads())
    }

    /// Matrices along the columns.
    #[must_use]
    pub const fn matrices(&self) -> u32 {
        self.columns / MatrixSide::Sixteen.length()
    }

    /// Matrices along K that a subgroup multiplies in one step, for each of those along the columns.
    #[must_use]
    pub const fn steps(&self) -> u32 {
        self.tile_k / (MatrixSide::Sixteen.length() * self.subgroups)
    }
}

impl Family for SkinnyMatrix {
    fn name(&self) -> &'static str {
        "skinny_matrix"
    }

    fn label(&self) -> Label {
        let Self {
            columns,
            tile_k,
            subgroups,
            ahead,
        } = self;
        Label {
            sizes: format!("{}x{columns}x{tile_k}_s{subgroups}_a{ahead}", Self::ROWS),
            kind: Some("m16"),
        }
    }

    fn route(&self) -> Route {
        Route::Few
    }

    fn rows(&self) -> RowsServed {
        RowsServed::UpTo(Self::ROWS)
    }

    /// No load straddles rows or groups. A last step that is not whole is masked.
    fn k_multiple(&self) -> u32 {
        Self::LOAD
    }

    fn short_groups(&self) -> &'static [u32] {
        &load::SHORT_GROUPS
    }

    fn features(&self) -> &'static [Feature] {
        &[Feature::Subgroup, Feature::Matrix16]
    }

    fn subgroup_size(&self) -> Option<u32> {
        Some(Matrix::SUBGROUP_SIZE)
    }

    fn workgroup_size(&self) -> u32 {
        self.threads()
    }

    fn dispatch(&self) -> Dispatch {
        Dispatch::GridStride {
            columns: self.columns,
        }
    }
}

impl fmt::Display for SkinnyMatrix {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            columns,
            tile_k,
            subgroups,
            ahead,
        } = self;
        write!(
            f,
            "skinny_matrix {{ columns: {columns}, k: {tile_k}, subgroups: {subgroups}, ahead: {ahead} }}"
        )
    }
}
