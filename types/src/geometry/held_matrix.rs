//! The kernel that holds the inputs of a few rows as cooperative matrices.

use core::fmt;

use super::{Family, Label, MULTIPROCESSORS, Matrix, MatrixSide, load};
use crate::{Dispatch, Feature, Route, RowsServed, layout::WEIGHTS_PER_WORD};

/// Cooperative matrices for a few rows that stay where they are: the subgroups of a workgroup divide K, and each holds its part of all rows in registers while
/// blocks of columns pass by.
///
/// A subgroup dequantises its part of a block a matrix or two at a time, through memory that no other subgroup touches, so that it waits for nobody; the subgroups'
/// sums of a block meet in workgroup memory. Lanes side by side load neighbouring weights of a column, and a matrix holds some of what each of them has. Inputs are read once by each workgroup, of which there are few. A K beyond what the subgroups hold passes in parts, each of which adds to the outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct HeldMatrix {
    /// Subgroups of a workgroup.
    pub subgroups: u32,
    /// Matrices of inputs that a subgroup holds.
    pub held: u32,
    /// Workgroups of the grid, at most.
    pub workgroups: u32,
}

impl HeldMatrix {
    /// The rows that one matrix holds.
    pub const ROWS: u32 = MatrixSide::Sixteen.length();
    /// The output columns of a block: those of one matrix.
    pub const COLUMNS: u32 = MatrixSide::Sixteen.length();
    /// Elements of K that a lane loads at once: 16 bytes of weights.
    pub const LOAD: u32 = load::WEIGHTS;
    /// Elements of K of each lane's load that a matrix holds: half of a word.
    pub const K_OF_LANE: u32 = WEIGHTS_PER_WORD / 2;
    /// The numbers of subgroups there are: with the fewest, every output of a block has a lane to itself.
    pub const SUBGROUPS: [u32; 4] = [8, 12, 14, 16];
    /// The numbers of held matrices there are: those of a block that four or eight lanes load a column of.
    pub const HELD: [u32; 2] = [8, 16];
    /// What is taken where neither a description nor K says more: one workgroup for each multiprocessor of the largest devices.
    pub const DEFAULT: Self = Self {
        subgroups: 16,
        held: 16,
        workgroups: MULTIPROCESSORS,
    };

    /// What is chosen for a K, if it is known, and so many matrices of a subgroup: as few passes as the most subgroups make, and then as few subgroups. A multiprocessor takes
    /// two workgroups of half as many.
    #[must_use]
    pub fn for_k(k: Option<u32>, held: u32) -> Self {
        let of = |subgroups| Self {
            subgroups,
            held,
            workgroups: Self::DEFAULT.workgroups * (Self::DEFAULT.subgroups / subgroups),
        };
        let passes = |matrix: &Self| k.map(|k| k.div_ceil(matrix.pass().max(1)));
        let most = of(Self::DEFAULT.subgroups);
        Self::SUBGROUPS
            .map(of)
            .into_iter()
            .find(|matrix| k.is_some() && passes(matrix) <= passes(&most))
            .unwrap_or(most)
    }

    /// Lanes of a workgroup.
    #[must_use]
    pub const fn threads(&self) -> u32 {
        self.subgroups * Matrix::SUBGROUP_SIZE
    }

    /// Elements of K that a subgroup holds.
    #[must_use]
    pub const fn share(&self) -> u32 {
        self.held * MatrixSide::Sixteen.length()
    }

    /// Lanes side by side that share a column of a block: each loads 16 bytes of it.
    #[must_use]
    pub const fn lanes_of_column(&self) -> u32 {
        self.share() / Self::LOAD
    }

    /// Columns of a block that a lane loads weights of.
    #[must_use]
    pub const fn columns_of_lane(&self) -> u32 {
        Self::COLUMNS * self.lanes_of_column() / Matrix::SUBGROUP_SIZE
    }

    /// Matrices whose operands pass through a subgroup's memory at once: together they have some of what every lane loads.
    #[must_use]
    pub const fn matrices_at_once(&self) -> u32 {
        self.lanes_of_column() * Self::K_OF_LANE / MatrixSide::Sixteen.length()
    }

    /// Elements of K that the subgroups of a workgroup hold.
    #[must_use]
    pub const fn pass(&self) -> u32 {
        self.subgroups * self.share()
    }
}

impl Family for HeldMatrix {
    fn name(&self) -> &'static str {
        "held_matrix"
    }

    fn label(&self) -> Label {
        let grid = match self.workgroups {
            workgroups if workgroups == Self::DEFAULT.workgroups => String::new(),
            workgroups => format!("_p{workgroups}"),
        };
        Label {
            sizes: format!("s{}_h{}{grid}", self.subgroups, self.held),
            kind: Some("m16"),
        }
    }

    fn route(&self) -> Route {
        Route::Few
    }

    fn rows(&self) -> RowsServed {
        RowsServed::UpTo(Self::ROWS)
    }

    /// A subgroup's share lies within K or past its end, as a whole.
    fn k_multiple(&self) -> u32 {
        self.share()
    }

    /// A load has one scale, unless its groups are known to be short.
    fn group_size_multiple(&self) -> u32 {
        Self::LOAD
    }

    fn short_groups(&self) -> &'static [u32] {
        &load::SHORT_GROUPS
    }

    fn features(&self) -> &'static [Feature] {
        &[Feature::Subgroup, Feature::SubgroupBarrier, Feature::Matrix16]
    }

    fn subgroup_size(&self) -> Option<u32> {
        Some(Matrix::SUBGROUP_SIZE)
    }

    fn workgroup_size(&self) -> u32 {
        self.threads()
    }

    fn dispatch(&self) -> Dispatch {
        Dispatch::Dealt {
            columns: Self::COLUMNS,
            workgroups: self.workgroups,
        }
    }
}

impl fmt::Display for HeldMatrix {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            subgroups,
            held,
            workgroups,
        } = self;
        write!(
            f,
            "held_matrix {{ subgroups: {subgroups}, held: {held}, workgroups: {workgroups} }}"
        )
    }
}
