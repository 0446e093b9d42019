//! The skinny kernel: a few rows.

use core::fmt;

use super::{Family, Label, Reduction};
use crate::{Dispatch, Feature, Route, RowsServed, layout::WEIGHTS_PER_WORD};

/// The skinny kernel: as the cooperative GEMV, but a lane multiplies every weight that it has dequantised by all rows of the input.
///
/// The lanes of a workgroup form a grid: some stand beside each other over the columns, [`Self::quads`] times four over K.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Skinny {
    /// The most rows of input; a lane holds a sum for each.
    pub rows: u32,
    /// Lanes per workgroup.
    pub width: u32,
    /// Output columns per workgroup.
    pub columns: u32,
    /// Output columns of a lane: what is loaded of the input serves so many.
    pub lane_columns: u32,
    /// Words of one row of weights that a lane loads at once: 1, 2, or 4 for loads of 16 bytes. Fewer make a shorter loop and leave registers to more sums.
    pub words: u32,
    /// Whether the lanes of a workgroup stage the inputs of a step in workgroup memory, each of them once, instead of loading them for themselves: worth it where
    /// inputs are what most loads are for, which is with many rows.
    pub staged: bool,
    /// How the lanes' partial sums become one.
    pub reduction: Reduction,
}

impl Skinny {
    /// The numbers of rows there are.
    pub const ROWS: [u32; 4] = [2, 4, 8, 16];
    /// The widths there are.
    pub const WIDTHS: [u32; 3] = [64, 128, 256];
    /// The numbers of columns there are.
    pub const COLUMNS: [u32; 4] = [8, 16, 32, 64];
    /// The numbers of columns of a lane there are: one or two vectors of sums.
    pub const LANE_COLUMNS: [u32; 2] = [4, 8];
    /// The numbers of words there are: one `u32`, one `vec2<u32>`, or one `vec4<u32>`.
    pub const WORDS: [u32; 3] = [1, 2, 4];
    /// Neighbouring lanes that share their columns over K. The smallest subgroups have as many lanes, so that these can always
    /// exchange values by shuffles; with loads of 16 bytes they read 64 consecutive ones.
    pub const QUAD: u32 = 4;
    /// Bytes of workgroup memory that staged inputs and, after them, partial sums may take: what every WebGPU device offers.
    pub const WORKGROUP_BYTES: u32 = 16 * 1024;

    /// What is chosen for so many rows where a description names nothing: with more rows a lane takes fewer columns or words, so that its sums still fit its
    /// registers, and inputs are staged.
    #[must_use]
    pub const fn for_rows(rows: u32, reduction: Reduction) -> Self {
        let (lane_columns, words) = match rows {
            0..=4 => (8, 4),
            5..=8 => (8, 2),
            _ => (4, 2),
        };
        Self {
            rows,
            width: 128,
            columns: 32,
            lane_columns,
            words,
            staged: rows > 4,
            reduction,
        }
    }

    /// Lanes beside each other over the columns.
    #[must_use]
    pub const fn lanes_n(&self) -> u32 {
        self.columns / self.lane_columns
    }

    /// Quads of lanes behind each other over K.
    #[must_use]
    pub const fn quads(&self) -> u32 {
        self.width / (Self::QUAD * self.lanes_n())
    }

    /// Vectors of four inputs of one row that a lane needs for a step.
    #[must_use]
    pub const fn vectors(&self) -> u32 {
        self.step() / 4
    }

    /// Vectors of four inputs that all lanes need for a step, of all rows: what is staged at once.
    #[must_use]
    pub const fn tile_vectors(&self) -> u32 {
        self.rows * self.vectors() * self.quads() * Self::QUAD
    }

    /// The same in bytes.
    #[must_use]
    pub const fn tile_bytes(&self) -> u32 {
        self.tile_vectors() * 16
    }

    /// Whether what is staged at once fits into the workgroup memory of every device.
    #[must_use]
    pub const fn tile_fits(&self) -> bool {
        self.tile_bytes() <= Self::WORKGROUP_BYTES
    }

    /// Sums of one output that meet in workgroup memory.
    #[must_use]
    pub const fn partials(&self) -> u32 {
        match self.reduction {
            Reduction::Subgroup => self.quads(),
            Reduction::Shared => self.quads() * Self::QUAD,
        }
    }

    /// Vectors of four between the partial sums of one row and the next. Half of an even number that four does not divide, so that eight lanes which
    /// store two vectors of four neighbouring rows meet no bank twice.
    #[must_use]
    pub const fn partial_stride(&self) -> u32 {
        let vectors = self.columns / 4;
        if vectors % 4 == 2 { vectors } else { vectors + 2 }
    }

    /// Rows whose partial sums fit into workgroup memory together.
    #[must_use]
    pub const fn rows_at_once(&self) -> u32 {
        let mut rows = self.rows;
        while rows > 1 && rows * self.partials() * self.partial_stride() * 16 > Self::WORKGROUP_BYTES {
            rows /= 2;
        }
        rows
    }

    /// Elements of K that a lane consumes at once, so K and the group size must be multiples of it.
    #[must_use]
    pub const fn step(&self) -> u32 {
        self.words * WEIGHTS_PER_WORD
    }
}

impl Family for Skinny {
    fn name(&self) -> &'static str {
        "skinny"
    }

    fn label(&self) -> Label {
        let Self {
            rows,
            width,
            columns,
            lane_columns,
            words,
            staged,
            reduction,
        } = self;
        let words = match words {
            1 => String::new(),
            words => format!("_v{words}"),
        };
        let staged = if *staged { "_s" } else { "" };
        Label {
            sizes: format!("r{rows}_w{width}_c{columns}x{lane_columns}{words}{staged}"),
            kind: Some(reduction.name()),
        }
    }

    fn route(&self) -> Route {
        Route::Few
    }

    fn rows(&self) -> RowsServed {
        RowsServed::UpTo(self.rows)
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

impl fmt::Display for Skinny {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rows,
            width,
            columns,
            lane_columns,
            words,
            staged,
            reduction,
        } = self;
        let staged = if *staged { "always" } else { "never" };
        write!(
            f,
            "skinny {{ rows: {rows}, width: {width}, columns: {columns}, lane_columns: {lane_columns}, words: {words}, \
             staged: {staged}, reduction: {reduction} }}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_sums_of_every_geometry_fit_into_the_memory_of_every_device() {
        for reduction in Reduction::ALL {
            for (rows, width) in Skinny::ROWS
                .into_iter()
                .flat_map(|rows| Skinny::WIDTHS.map(|width| (rows, width)))
            {
                for (columns, lane_columns) in Skinny::COLUMNS
                    .into_iter()
                    .flat_map(|columns| Skinny::LANE_COLUMNS.map(|own| (columns, own)))
                {
                    let skinny = Skinny {
                        rows,
                        width,
                        columns,
                        lane_columns,
                        words: 4,
                        staged: false,
                        reduction,
                    };
                    assert!(skinny.quads() >= 1, "{skinny}");
                    let bytes = skinny.partials() * skinny.rows_at_once() * skinny.partial_stride() * 16;
                    assert!(bytes <= Skinny::WORKGROUP_BYTES, "{skinny}: {bytes} bytes");
                    // The lanes of a quad finish four neighbouring rows, which meet their partners in one round.
                    let fewest = match reduction {
                        Reduction::Subgroup => rows.min(Skinny::QUAD),
                        Reduction::Shared => 1,
                    };
                    assert!(skinny.rows_at_once() >= fewest, "{skinny}");
                }
            }
        }
    }

    #[test]
    fn whatever_is_chosen_stages_no_more_than_every_device_has_room_for() {
        for skinny in Skinny::ROWS.map(|rows| Skinny::for_rows(rows, Reduction::Shared)) {
            assert!(skinny.tile_fits(), "{skinny}: {} bytes", skinny.tile_bytes());
        }
    }
}
