//! The GEMM of cooperative matrices.

use core::fmt;

use super::{Family, Label};
use crate::{Dispatch, Feature, Route, RowsServed, layout::WEIGHTS_PER_WORD};

/// The GEMM of cooperative matrices: the subgroups of a workgroup share a tile of the output, each keeps its part of it in matrices that its
/// lanes hold together. Weights are dequantised once per tile, to f16 in workgroup memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Matrix {
    /// Output rows of a workgroup.
    pub tile_m: u32,
    /// Output columns of a workgroup.
    pub tile_n: u32,
    /// Elements of K that are staged at once.
    pub tile_k: u32,
    /// Output rows of a subgroup.
    pub subgroup_m: u32,
    /// Output columns of a subgroup.
    pub subgroup_n: u32,
    /// The size of the matrices.
    pub side: MatrixSide,
    /// Steps of K that workgroup memory holds: with 2, one is staged while the other is multiplied, and a step takes one barrier instead of two.
    pub buffers: u32,
}

/// The size of square cooperative matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum MatrixSide {
    /// 8 x 8.
    Eight,
    /// 16 x 16.
    Sixteen,
}

impl Matrix {
    /// Lanes of a subgroup. Devices with others run no kernel of this family: the tile is divided among a fixed number of subgroups.
    pub const SUBGROUP_SIZE: u32 = 32;
    /// The K steps there are: multiples of every side.
    pub const TILE_K: [u32; 3] = [32, 48, 64];
    /// The numbers of buffers there are.
    pub const BUFFERS: [u32; 2] = [1, 2];
    /// The sides there are.
    pub const SIDES: [u32; 2] = [MatrixSide::Eight.length(), MatrixSide::Sixteen.length()];

    /// What is taken where a description names no tile.
    pub const DEFAULT: Self = Self {
        tile_m: 128,
        tile_n: 128,
        tile_k: 64,
        subgroup_m: 64,
        subgroup_n: 32,
        side: MatrixSide::Sixteen,
        buffers: 1,
    };

    /// What is taken of 8 x 8 matrices: within the workgroup memory and the registers of devices that have no larger ones.
    pub const DEFAULT_EIGHT: Self = Self {
        tile_m: 64,
        tile_n: 64,
        tile_k: 32,
        subgroup_m: 32,
        subgroup_n: 32,
        side: MatrixSide::Eight,
        buffers: 1,
    };

    /// The same for so few rows that they fill no more than half of it: as many columns, weights and lanes, and half of the inputs and products.
    pub const SHORT_EIGHT: Self = Self {
        tile_m: Self::DEFAULT_EIGHT.tile_m / 2,
        subgroup_m: Self::DEFAULT_EIGHT.subgroup_m / 2,
        ..Self::DEFAULT_EIGHT
    };

    /// Subgroups along M.
    #[must_use]
    pub const fn subgroups_m(&self) -> u32 {
        self.tile_m / self.subgroup_m
    }

    /// Subgroups along N.
    #[must_use]
    pub const fn subgroups_n(&self) -> u32 {
        self.tile_n / self.subgroup_n
    }

    /// Subgroups of a workgroup.
    #[must_use]
    pub const fn subgroups(&self) -> u32 {
        self.subgroups_m() * self.subgroups_n()
    }

    /// Threads of a workgroup.
    #[must_use]
    pub const fn threads(&self) -> u32 {
        self.subgroups() * Self::SUBGROUP_SIZE
    }

    /// Matrices that a subgroup's tile has along M.
    #[must_use]
    pub const fn matrices_m(&self) -> u32 {
        self.subgroup_m / self.side.length()
    }

    /// Matrices that a subgroup's tile has along N.
    #[must_use]
    pub const fn matrices_n(&self) -> u32 {
        self.subgroup_n / self.side.length()
    }

    /// Loads of four inputs that one step of K takes, in all.
    #[must_use]
    pub const fn input_loads(&self) -> u32 {
        self.tile_m * self.tile_k / 4
    }

    /// Loads of one word of weights that one step of K takes, in all.
    #[must_use]
    pub const fn weight_loads(&self) -> u32 {
        self.tile_n * self.tile_k / WEIGHTS_PER_WORD
    }
}

impl MatrixSide {
    /// Both, the larger first.
    pub const ALL: [Self; 2] = [Self::Sixteen, Self::Eight];

    /// Rows and columns.
    #[must_use]
    pub const fn length(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }
}

impl Family for Matrix {
    fn name(&self) -> &'static str {
        "matrix"
    }

    fn label(&self) -> Label {
        let buffers = match self.buffers {
            1 => String::new(),
            buffers => format!("_b{buffers}"),
        };
        Label {
            sizes: format!(
                "{}x{}x{}_s{}x{}{buffers}",
                self.tile_m, self.tile_n, self.tile_k, self.subgroup_m, self.subgroup_n
            ),
            kind: Some(match self.side {
                MatrixSide::Eight => "m8",
                MatrixSide::Sixteen => "m16",
            }),
        }
    }

    fn route(&self) -> Route {
        Route::Prefill
    }

    fn rows(&self) -> RowsServed {
        RowsServed::Any
    }

    fn made_for_rows(&self) -> Option<u32> {
        let default = match self.side {
            MatrixSide::Eight => Self::DEFAULT_EIGHT,
            MatrixSide::Sixteen => Self::DEFAULT,
        };
        (self.tile_m < default.tile_m).then_some(self.tile_m)
    }

    /// Rows of weights are whole words, and no group boundary splits one. A last step that is not whole is masked.
    fn k_multiple(&self) -> u32 {
        WEIGHTS_PER_WORD
    }

    fn features(&self) -> &'static [Feature] {
        match self.side {
            MatrixSide::Eight => &[Feature::Subgroup, Feature::Matrix8],
            MatrixSide::Sixteen => &[Feature::Subgroup, Feature::Matrix16],
        }
    }

    fn subgroup_size(&self) -> Option<u32> {
        Some(Self::SUBGROUP_SIZE)
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

impl fmt::Display for Matrix {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tile_m,
            tile_n,
            tile_k,
            subgroup_m,
            subgroup_n,
            side,
            buffers,
        } = self;
        let side = side.length();
        write!(
            f,
            "matrix {{ m: {tile_m}, n: {tile_n}, k: {tile_k}, subgroup_m: {subgroup_m}, subgroup_n: {subgroup_n}, side: {side}, buffers: {buffers} }}"
        )
    }
}
