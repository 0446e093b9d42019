//! The GEMM of cooperative matrices whose subgroups have panels of weights of their own.

mod workgroup_memory;

use core::fmt;

use super::{Family, Label, Matrix, MatrixSide, load};
use crate::{Dispatch, Feature, InputFormat, Route, RowsServed, layout::WEIGHTS_PER_WORD};

/// The GEMM of cooperative matrices in which a subgroup computes all rows of a tile for columns of its own: nobody else needs its weights.
///
/// It dequantises them for one matrix along K at a time, into a panel that only its lanes write and read, and does so between the products of a matrix
/// before. Inputs are shared: they lie in workgroup memory twice, so that one tile of them is stored while the other is multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PanelMatrix {
    /// Output rows of a workgroup, and of each of its subgroups.
    pub tile_m: u32,
    /// Output columns of a workgroup, [`PanelMatrix::PANEL`] for each subgroup of a team.
    pub tile_n: u32,
    /// Elements of K of a tile of inputs, of each team: there is a barrier of the workgroup for each.
    pub tile_k: u32,
    /// How inputs are read: rounded already, they take half of the loads and none of the arithmetic.
    pub inputs: InputFormat,
    /// Panels of a subgroup: with 2, one is loaded as matrices while the other is written, and a matrix along K takes one barrier instead of two.
    pub panels: u32,
    /// What stands between writing a panel and reading it.
    pub barrier: PanelBarrier,
    /// Sets of subgroups that each compute the whole tile for a share of K: where tiles are few, more subgroups of a workgroup work on one.
    pub teams: u32,
}

/// What stands between writing a panel and reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum PanelBarrier {
    /// A barrier of the subgroup, whose lanes are the only ones to use the panel. Vulkan's memory model does not say that it orders workgroup memory as naga 30
    /// writes it: results are to be checked on each device.
    Subgroup,
    /// A barrier of the workgroup, which orders workgroup memory on every device: all subgroups wait for each other.
    Workgroup,
}

impl PanelMatrix {
    /// Columns of a panel: as many as there are lanes, which dequantise as much each.
    pub const PANEL: u32 = Matrix::SUBGROUP_SIZE;
    /// Rows and columns of a matrix, and the elements of K that a panel holds.
    pub const SIDE: u32 = MatrixSide::Sixteen.length();
    /// Elements of K that a lane loads of its column at once: 16 bytes of weights.
    pub const LOAD: u32 = load::WEIGHTS;
    /// Elements of K of which a lane may load all scales at once: those of four loads of weights.
    pub const SPAN: u32 = 4 * Self::LOAD;
    /// Elements of K that a lane loads of a row of inputs at once.
    pub const INPUTS: u32 = WEIGHTS_PER_WORD;
    /// The tiles of inputs along K that there are: whole matrices.
    pub const TILE_K: [u32; 3] = [32, 48, 64];
    /// The numbers of panels there are.
    pub const PANELS: [u32; 2] = [1, 2];
    /// The numbers of teams there are.
    pub const TEAMS: [u32; 3] = [1, 2, 4];

    /// What is taken where a description names no tile.
    pub const DEFAULT: Self = Self {
        tile_m: 128,
        tile_n: 256,
        tile_k: 32,
        inputs: InputFormat::F32,
        panels: 1,
        barrier: PanelBarrier::Subgroup,
        teams: 1,
    };

    /// The same with inputs that are rounded already.
    pub const DEFAULT_ROUNDED: Self = Self {
        tile_k: 64,
        inputs: InputFormat::F16,
        ..Self::DEFAULT
    };

    /// For inputs of so few rows, or layers of so few columns, that larger tiles leave most of a device idle: small tiles, whose teams divide K.
    pub const DIVIDED: [Self; 2] = [
        Self {
            tile_m: 64,
            tile_n: 64,
            teams: 2,
            ..Self::DEFAULT_ROUNDED
        },
        Self {
            tile_m: 32,
            tile_n: 64,
            teams: 4,
            ..Self::DEFAULT_ROUNDED
        },
    ];

    /// The same with barriers that order workgroup memory on every device: what few rows take where nothing was measured.
    pub const DIVIDED_EVERYWHERE: [Self; 2] = [
        Self {
            barrier: PanelBarrier::Workgroup,
            ..Self::DIVIDED[0]
        },
        Self {
            barrier: PanelBarrier::Workgroup,
            ..Self::DIVIDED[1]
        },
    ];

    /// Elements of K that a vector in workgroup memory holds, of inputs and of weights.
    pub const VECTOR: u32 = 4;
    /// Vectors between rows of inputs, and of a panel: with an odd number of 16 bytes from one to the next, the same k of eight neighbours fills all banks.
    pub const PADDING: u32 = 2;

    /// Subgroups that compute a tile for their share of K.
    #[must_use]
    pub const fn subgroups_of_team(&self) -> u32 {
        self.tile_n / Self::PANEL
    }

    /// Subgroups of a workgroup.
    #[must_use]
    pub const fn subgroups(&self) -> u32 {
        self.subgroups_of_team() * self.teams
    }

    /// Threads of a workgroup.
    #[must_use]
    pub const fn threads(&self) -> u32 {
        self.subgroups() * Matrix::SUBGROUP_SIZE
    }

    /// Matrices that a subgroup has along M.
    #[must_use]
    pub const fn matrices_m(&self) -> u32 {
        self.tile_m / Self::SIDE
    }

    /// Matrices that a subgroup has along N.
    #[must_use]
    pub const fn matrices_n(&self) -> u32 {
        Self::PANEL / Self::SIDE
    }

    /// Loads of [`PanelMatrix::INPUTS`] inputs that one tile takes, in all.
    #[must_use]
    pub const fn input_loads(&self) -> u32 {
        self.tile_m * self.staged_k() / Self::INPUTS
    }

    /// Loads of a thread, of one tile. Where they do not divide evenly, the last threads have nothing to store of their last one.
    #[must_use]
    pub const fn input_loads_of_thread(&self) -> u32 {
        self.input_loads().div_ceil(self.threads())
    }

    /// Elements of K of a row of staged inputs, those of all teams.
    #[must_use]
    pub const fn staged_k(&self) -> u32 {
        self.teams * self.tile_k
    }

    /// Lanes that share a column of weights, and load neighbours of it: two, where what they load together is a tile of inputs, or two of them that lie in the
    /// same lines of memory.
    #[must_use]
    pub const fn lanes_of_column(&self) -> u32 {
        let together = 2 * Self::LOAD;
        let rounded = matches!(self.inputs, InputFormat::F16);
        if self.tile_k == together || (rounded && 2 * self.tile_k == together) {
            2
        } else {
            1
        }
    }

    /// Elements of K that the lanes of a column load of it at once.
    #[must_use]
    pub const fn stretch(&self) -> u32 {
        self.lanes_of_column() * Self::LOAD
    }

    /// Where a tile of inputs begins. It holds as much of the part of each lane that shares a column, of every stretch.
    #[must_use]
    pub const fn tile_start(&self, tile: u32) -> u32 {
        let (stretch, before) = (self.stretch(), tile * self.tile_k);
        if self.lanes_of_column() == 1 {
            before
        } else {
            before / stretch * stretch + before % stretch / self.lanes_of_column()
        }
    }

    /// Elements of K of both tiles of inputs of a team: what the text walks over at once.
    #[must_use]
    pub const fn period(&self) -> u32 {
        2 * self.tile_k
    }

    /// What the elements of K of a team are a multiple of. Where there are several, all but the first begin within a row, with a span.
    #[must_use]
    pub const fn share_step(&self) -> u32 {
        let mut step = self.period();
        while self.teams > 1 && !step.is_multiple_of(Self::SPAN) {
            step += self.period();
        }
        step
    }
}

impl PanelBarrier {
    /// Both, that of fewer lanes first.
    pub const ALL: [Self; 2] = [Self::Subgroup, Self::Workgroup];

    /// The word for it in a description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subgroup => "subgroup",
            Self::Workgroup => "workgroup",
        }
    }
}

impl Family for PanelMatrix {
    fn name(&self) -> &'static str {
        "panel_matrix"
    }

    fn label(&self) -> Label {
        let Self {
            tile_m,
            tile_n,
            tile_k,
            inputs,
            panels,
            barrier,
            teams,
        } = self;
        let inputs = match inputs {
            InputFormat::F32 => "",
            InputFormat::F16 => "_x16",
        };
        let panels = match panels {
            1 => String::new(),
            panels => format!("_p{panels}"),
        };
        let barrier = match barrier {
            PanelBarrier::Subgroup => "",
            PanelBarrier::Workgroup => "_wb",
        };
        let teams = match teams {
            1 => String::new(),
            teams => format!("_t{teams}"),
        };
        Label {
            sizes: format!("{tile_m}x{tile_n}x{tile_k}{inputs}{panels}{barrier}{teams}"),
            kind: Some("m16"),
        }
    }

    fn route(&self) -> Route {
        Route::Prefill
    }

    fn rows(&self) -> RowsServed {
        RowsServed::Any
    }

    /// Of those with a barrier of the subgroup only measurements tell.
    fn made_for_rows(&self) -> Option<u32> {
        (self.teams > 1 && self.barrier == PanelBarrier::Workgroup).then_some(self.tile_m)
    }

    /// Rows of weights are whole loads, and the scales of a row may be loaded by spans.
    fn k_multiple(&self) -> u32 {
        Self::SPAN
    }

    /// A load has one scale, unless its groups are known to be short.
    fn group_size_multiple(&self) -> u32 {
        Self::LOAD
    }

    fn short_groups(&self) -> &'static [u32] {
        &load::SHORT_GROUPS
    }

    fn input_format(&self) -> InputFormat {
        self.inputs
    }

    /// Rounded rows go on with zeros to the end of the last team's share, and as far again as two tiles: inputs are loaded that much ahead.
    fn input_stride(&self, k: u32) -> u32 {
        let shares = self.share_step().saturating_mul(self.teams);
        match self.inputs {
            InputFormat::F32 => k,
            InputFormat::F16 => k
                .div_ceil(shares)
                .saturating_mul(shares)
                .saturating_add(self.period()),
        }
    }

    fn features(&self) -> &'static [Feature] {
        match self.barrier {
            PanelBarrier::Subgroup => &[Feature::Subgroup, Feature::SubgroupBarrier, Feature::Matrix16],
            PanelBarrier::Workgroup => &[Feature::Subgroup, Feature::Matrix16],
        }
    }

    fn subgroup_size(&self) -> Option<u32> {
        Some(Matrix::SUBGROUP_SIZE)
    }

    fn workgroup_size(&self) -> u32 {
        self.threads()
    }

    fn dispatch(&self) -> Dispatch {
        Dispatch::Folded {
            rows: self.tile_m,
            columns: self.tile_n,
        }
    }
}

impl fmt::Display for PanelBarrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for PanelMatrix {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tile_m,
            tile_n,
            tile_k,
            inputs,
            panels,
            barrier,
            teams,
        } = self;
        write!(
            f,
            "panel_matrix {{ m: {tile_m}, n: {tile_n}, k: {tile_k}, inputs: {inputs}, panels: {panels}, barrier: {barrier}, teams: {teams} }}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_of_inputs_hold_every_k_of_both_lanes_weights_once() {
        let inputs = [InputFormat::F32, InputFormat::F16];
        for (tile_k, inputs) in PanelMatrix::TILE_K.iter().flat_map(|k| inputs.map(|of| (*k, of))) {
            let matrix = PanelMatrix {
                tile_k,
                inputs,
                ..PanelMatrix::DEFAULT
            };
            // Of a tile each lane that shares a column has as much, a load of weights away from what the other has.
            let of_lane = tile_k / matrix.lanes_of_column();
            let tiles = 4 * matrix.stretch() / tile_k;
            let mut held: Vec<u32> = (0..tiles)
                .flat_map(|tile| {
                    (0..matrix.lanes_of_column()).flat_map(move |lane| {
                        let first = matrix.tile_start(tile) + lane * PanelMatrix::LOAD;
                        first..first + of_lane
                    })
                })
                .collect();
            held.sort_unstable();
            assert_eq!(held, (0..tiles * tile_k).collect::<Vec<_>>(), "{matrix}");
        }
    }

    #[test]
    fn rounded_rows_reach_as_far_as_the_last_team_loads() {
        for tile_k in PanelMatrix::TILE_K {
            for teams in PanelMatrix::TEAMS {
                let matrix = PanelMatrix {
                    tile_k,
                    teams,
                    ..PanelMatrix::DEFAULT_ROUNDED
                };
                for k in (1..=24).map(|spans| spans * PanelMatrix::SPAN) {
                    let share = k.div_ceil(teams * matrix.share_step()) * matrix.share_step();
                    assert!(
                        share * teams >= k && share.is_multiple_of(matrix.period()),
                        "{matrix}, K {k}"
                    );
                    assert!(
                        teams == 1 || share.is_multiple_of(PanelMatrix::SPAN),
                        "{matrix}, K {k}"
                    );
                    assert_eq!(matrix.input_stride(k), share * teams + matrix.period());
                }
            }
        }
    }
}
