//! The streaming GEMV.

use core::fmt;

use super::{Family, Label, Reduction};
use crate::{Dispatch, Feature, Route, RowsServed, layout::WEIGHTS_PER_WORD};

/// The streaming GEMV: few large workgroups keep the input in their memory, and each team of lanes walks alone over all of K of a few columns,
/// 16 bytes of every column at a time, the next ones under way while these are multiplied. Teams are dealt their columns one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Stream {
    /// Lanes per workgroup.
    pub width: u32,
    /// Output columns that a team takes at once.
    pub columns: u32,
    /// Chunks of the input, of [`Stream::CHUNK`] elements each, that workgroup memory holds.
    pub held: u32,
    /// Whether a longer input passes through workgroup memory slice by slice; otherwise all of it is held, which limits K.
    pub slices: bool,
    /// Workgroups of the grid, at most.
    pub workgroups: u32,
    /// How the sums of a team become one. With subgroup additions a team is a subgroup, otherwise it is [`Stream::TEAM`] lanes.
    pub reduction: Reduction,
}

impl Stream {
    /// The widths there are.
    pub const WIDTHS: [u32; 4] = [128, 256, 512, 1024];
    /// The numbers of columns there are.
    pub const COLUMNS: [u32; 3] = [1, 2, 4];
    /// What workgroup memory may hold: whole steps of subgroups of every size.
    pub const HELD: [u32; 2] = [128, 256];
    /// Lanes of a team that is no subgroup.
    pub const TEAM: u32 = 32;
    /// Words of a column that a lane loads at once.
    pub const WORDS: u32 = 4;
    /// Weights of a column that a lane loads at once: 16 bytes.
    pub const CHUNK: u32 = Self::WORDS * WEIGHTS_PER_WORD;
    /// What is held where a description does not say.
    pub const DEFAULT_HELD: u32 = 128;
    /// Workgroups where a description names none: two for each multiprocessor of the largest devices.
    pub const DEFAULT_WORKGROUPS: u32 = 264;

    /// What a description gets that names no number: as wide as every WebGPU device allows.
    #[must_use]
    pub const fn default_of(slices: bool, reduction: Reduction) -> Self {
        Self {
            width: 256,
            columns: 4,
            held: Self::DEFAULT_HELD,
            slices,
            workgroups: Self::DEFAULT_WORKGROUPS,
            reduction,
        }
    }
}

impl Family for Stream {
    fn name(&self) -> &'static str {
        "stream"
    }

    fn label(&self) -> Label {
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
            sizes: format!("w{}_c{}{held}{grid}", self.width, self.columns),
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
            width,
            columns,
            held,
            slices,
            workgroups,
            reduction,
        } = self;
        let slices = if *slices { "always" } else { "never" };
        write!(
            f,
            "stream {{ width: {width}, columns: {columns}, held: {held}, slices: {slices}, workgroups: {workgroups}, reduction: {reduction} }}"
        )
    }
}
