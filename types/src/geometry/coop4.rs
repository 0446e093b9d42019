//! The cooperative GEMV.

use core::fmt;

use super::{Family, Label, Reduction};
use crate::{Dispatch, Feature, Route, RowsServed, layout::WEIGHTS_PER_WORD};

/// The cooperative GEMV: the lanes of a workgroup share a block of output columns and divide K among themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Coop4 {
    /// Lanes per workgroup.
    pub width: u32,
    /// Output columns per workgroup.
    pub columns: u32,
    /// Words of one row that a lane loads at once: 1, or 4 for loads of 16 bytes.
    pub words: u32,
    /// How the lanes' partial sums become one.
    pub reduction: Reduction,
}

impl Coop4 {
    /// The widths there are.
    pub const WIDTHS: [u32; 4] = [32, 64, 128, 256];
    /// The numbers of columns there are.
    pub const COLUMNS: [u32; 4] = [1, 2, 4, 8];
    /// The numbers of words there are: one `u32`, or one `vec4<u32>`.
    pub const WORDS: [u32; 2] = [1, 4];
    /// The width where a description names none.
    pub const DEFAULT_WIDTH: u32 = 64;
    /// The number of columns where a description names none.
    pub const DEFAULT_COLUMNS: u32 = 4;
    /// The number of words where a description names none.
    pub const DEFAULT_WORDS: u32 = 1;

    /// Elements of K that a lane consumes at once, so K and the group size must be multiples of it.
    #[must_use]
    pub const fn step(&self) -> u32 {
        self.words * WEIGHTS_PER_WORD
    }
}

impl Family for Coop4 {
    fn name(&self) -> &'static str {
        "coop4"
    }

    fn label(&self) -> Label {
        let words = match self.words {
            1 => String::new(),
            words => format!("_v{words}"),
        };
        Label {
            sizes: format!("w{}_c{}{words}", self.width, self.columns),
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
        self.step()
    }

    fn features(&self) -> &'static [Feature] {
        self.reduction.features()
    }

    fn workgroup_size(&self) -> u32 {
        self.width
    }

    fn dispatch(&self) -> Dispatch {
        Dispatch::GridStride {
            columns: self.columns,
        }
    }
}

impl fmt::Display for Coop4 {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            columns,
            words,
            reduction,
        } = self;
        write!(
            f,
            "coop4 {{ width: {width}, columns: {columns}, words: {words}, reduction: {reduction} }}"
        )
    }
}
