//! The streaming kernel, for one row and a few.

use core::fmt;

use super::{Family, Label, MULTIPROCESSORS, Reduction, load};
use crate::{Dispatch, Feature, Route, RowsServed};

/// The streaming GEMV: few large workgroups keep the input in their memory, and each team of lanes walks alone over all of K of a few columns,
/// 16 bytes of every column at a time, the next ones under way while these are multiplied. Teams are dealt their columns one after the other. With more
/// than one row every weight is read and dequantised once for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Stream {
    /// The most rows of input.
    pub rows: u32,
    /// Lanes per workgroup.
    pub width: u32,
    /// Output columns that a team takes at once.
    pub columns: u32,
    /// Teams that take the same columns and divide K among them, step by step: for matrices of so few columns that teams would be left without any.
    pub split: u32,
    /// Chunks of each row of the input, of [`Stream::CHUNK`] elements each, that workgroup memory holds.
    pub held: u32,
    /// Whether a longer input passes through workgroup memory slice by slice; otherwise all of it is held, which limits K.
    pub slices: bool,
    /// Workgroups of the grid, at most.
    pub workgroups: u32,
    /// How the sums of a team become one. With subgroup additions a team is a subgroup, otherwise it is [`Stream::TEAM`] lanes.
    pub reduction: Reduction,
}

impl Stream {
    /// The numbers of rows there are.
    pub const ROWS: [u32; 3] = [1, 2, 4];
    /// The widths there are.
    pub const WIDTHS: [u32; 4] = [128, 256, 512, 1024];
    /// The widths for more than one row: no wider than a row has vectors in workgroup memory, so that lanes copy whole rows of it.
    pub const WIDTHS_OF_ROWS: [u32; 2] = [256, 512];
    /// The numbers of columns there are.
    pub const COLUMNS: [u32; 3] = [1, 2, 4];
    /// How many teams may divide K.
    pub const SPLITS: [u32; 3] = [1, 2, 4];
    /// What workgroup memory may hold of a single row: whole steps of subgroups of every size.
    pub const HELD: [u32; 2] = [128, 256];
    /// Chunks of all rows that workgroup memory holds where there are several: 32 KiB, which most devices have.
    pub const HELD_BY_ALL_ROWS: u32 = 256;
    /// Lanes of a team that is no subgroup.
    pub const TEAM: u32 = 32;
    /// Words of a column that a lane loads at once.
    pub const WORDS: u32 = load::WORDS;
    /// Weights of a column that a lane loads at once: 16 bytes.
    pub const CHUNK: u32 = load::WEIGHTS;
    /// What is held where a description does not say.
    pub const DEFAULT_HELD: u32 = 128;
    /// Workgroups where a description names none: two for each multiprocessor of the largest devices.
    pub const DEFAULT_WORKGROUPS: u32 = 2 * MULTIPROCESSORS;

    /// What a description gets that names no number: as wide as every WebGPU device allows.
    #[must_use]
    pub const fn default_of(slices: bool, reduction: Reduction) -> Self {
        Self {
            rows: 1,
            width: 256,
            columns: 4,
            split: 1,
            held: Self::DEFAULT_HELD,
            slices,
            workgroups: Self::DEFAULT_WORKGROUPS,
            reduction,
        }
    }

    /// How many teams of so many lanes there are on every device, which is how many may divide K.
    #[must_use]
    pub const fn most_split(width: u32) -> u32 {
        width / Reduction::LARGEST_SUBGROUP
    }

    /// What a description gets that names no number, for a few rows: all that [`Stream::HELD_BY_ALL_ROWS`] allows, and so few workgroups that each has a
    /// multiprocessor of the largest devices to itself.
    #[must_use]
    pub const fn for_rows(rows: u32, reduction: Reduction) -> Self {
        Self {
            rows,
            width: 512,
            held: Self::HELD_BY_ALL_ROWS / rows,
            workgroups: MULTIPROCESSORS,
            ..Self::default_of(true, reduction)
        }
    }
}

impl Family for Stream {
    fn name(&self) -> &'static str {
        "stream"
    }

    fn label(&self) -> Label {
        let rows = match self.rows {
            1 => String::new(),
            rows => format!("r{rows}_"),
        };
        let split = match self.split {
            1 => String::new(),
            teams => format!("_t{teams}"),
        };
        let held = match (self.slices, self.held) {
            (false, Self::DEFAULT_HELD) => String::new(),
            (false, chunks) => format!("_h{chunks}"),
            (true, chunks) => format!("_s{chunks}"),
        };
        let grid = match self.workgroups {
            Self::DEFAULT_WORKGROUPS => String::new(),
            workgroups => format!("_p{workgroups}"),
        };
        Label {
            sizes: format!("{rows}w{}_c{}{split}{held}{grid}", self.width, self.columns),
            kind: Some(self.reduction.name()),
        }
    }

    fn route(&self) -> Route {
        if self.rows == 1 { Route::Decode } else { Route::Few }
    }

    fn rows(&self) -> RowsServed {
        if self.rows == 1 {
            RowsServed::One
        } else {
            RowsServed::UpTo(self.rows)
        }
    }

    /// What a lane loads at once must not straddle rows or groups.
    fn k_multiple(&self) -> u32 {
        Self::CHUNK
    }

    fn short_groups(&self) -> &'static [u32] {
        &load::SHORT_GROUPS
    }

    fn k_most(&self) -> u32 {
        if self.slices {
            u32::MAX
        } else {
            self.held * Self::CHUNK
        }
    }

    fn features(&self) -> &'static [Feature] {
        self.reduction.features()
    }

    fn workgroup_size(&self) -> u32 {
        self.width
    }

    fn dispatch(&self) -> Dispatch {
        Dispatch::Dealt {
            columns: self.columns,
            workgroups: self.workgroups,
        }
    }
}

impl fmt::Display for Stream {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rows,
            width,
            columns,
            split,
            held,
            slices,
            workgroups,
            reduction,
        } = self;
        let slices = if *slices { "always" } else { "never" };
        let rows = match rows {
            1 => String::new(),
            rows => format!("rows: {rows}, "),
        };
        write!(
            f,
            "stream {{ {rows}width: {width}, columns: {columns}, split: {split}, held: {held}, slices: {slices}, workgroups: {workgroups}, reduction: {reduction} }}"
        )
    }
}
