//! The persistent GEMV.

use core::fmt;

use super::{Family, Label, Reduction, load};
use crate::{Dispatch, Feature, Route, RowsServed};

/// The persistent GEMV: a grid of limited size strides over blocks of columns; the lanes of a workgroup divide K among themselves, 16 bytes
/// of every column at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Gemv {
    /// Lanes per workgroup.
    pub width: u32,
    /// Output columns of a block.
    pub columns: u32,
    /// Chunks of the input, of [`Gemv::CHUNK`] elements each, that a lane keeps in registers for all blocks; 0: the input is read anew for every block.
    pub resident: u32,
    /// Whether what is kept passes through workgroup memory on its way, so that neighbouring lanes read neighbouring inputs: pays where a workgroup has few
    /// blocks.
    pub staged: bool,
    /// Workgroups of the grid, at most.
    pub workgroups: u32,
    /// How the lanes' partial sums become one.
    pub reduction: Reduction,
}

impl Gemv {
    /// The widths there are.
    pub const WIDTHS: [u32; 4] = [32, 64, 128, 256];
    /// The numbers of columns there are.
    pub const COLUMNS: [u32; 3] = [4, 8, 16];
    /// The most chunks that a lane can keep: more would not fit its registers.
    pub const MOST_RESIDENT: u32 = 4;
    /// Words of a column that a lane loads at once.
    pub const WORDS: u32 = load::WORDS;
    /// Weights of a column that a lane loads at once: 16 bytes.
    pub const CHUNK: u32 = load::WEIGHTS;
    /// The width where a description names none.
    pub const DEFAULT_WIDTH: u32 = 128;
    /// The number of columns where a description names none.
    pub const DEFAULT_COLUMNS: u32 = 8;
    /// Workgroups where a description names none: enough to fill the largest devices a few times over.
    pub const DEFAULT_WORKGROUPS: u32 = 2112;
}

impl Family for Gemv {
    fn name(&self) -> &'static str {
        "gemv"
    }

    fn label(&self) -> Label {
        let resident = match self.resident {
            0 => String::new(),
            chunks => format!("_r{chunks}{}", if self.staged { "s" } else { "" }),
        };
        let grid = match self.workgroups {
            Self::DEFAULT_WORKGROUPS => String::new(),
            workgroups => format!("_p{workgroups}"),
        };
        Label {
            sizes: format!("w{}_c{}{resident}{grid}", self.width, self.columns),
            kind: Some(self.reduction.name()),
        }
    }

    fn route(&self) -> Route {
        Route::Decode
    }

    fn rows(&self) -> RowsServed {
        RowsServed::One
    }

    /// What a lane loads at once must not straddle rows or groups.
    fn k_multiple(&self) -> u32 {
        Self::CHUNK
    }

    fn short_groups(&self) -> &'static [u32] {
        &load::SHORT_GROUPS
    }

    fn k_most(&self) -> u32 {
        match self.resident {
            0 => u32::MAX,
            chunks => chunks * self.width * Self::CHUNK,
        }
    }

    fn features(&self) -> &'static [Feature] {
        self.reduction.features()
    }

    fn workgroup_size(&self) -> u32 {
        self.width
    }

    fn dispatch(&self) -> Dispatch {
        Dispatch::Persistent {
            columns: self.columns,
            workgroups: self.workgroups,
        }
    }
}

impl fmt::Display for Gemv {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            columns,
            resident,
            staged,
            workgroups,
            reduction,
        } = self;
        write!(
            f,
            "gemv {{ width: {width}, columns: {columns}, resident: {resident}, staged: {staged}, workgroups: {workgroups}, reduction: {reduction} }}"
        )
    }
}
