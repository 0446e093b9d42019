//! What can be asked for of the kernel for many rows.

use q4_kernel_types::{InputFormat, Matrix, MatrixSide, PanelBarrier, PanelMatrix, Staged};

mod check;

/// A wish for the kernel of every M.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefillSpec {
    /// The register-tiled GEMM.
    Tile(TileSpec),
    /// The GEMM that stages its operands in workgroup memory.
    Staged(StagedSpec),
    /// The GEMM of cooperative matrices, for numeric class `f16_multiply`.
    Matrix(MatrixSpec),
    /// The GEMM of cooperative matrices whose subgroups have panels of weights of their own, likewise.
    PanelMatrix(PanelMatrixSpec),
}

/// A wish for the register-tiled GEMM. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TileSpec {
    /// Output rows of a workgroup.
    pub m: Option<u32>,
    /// Output columns of a workgroup.
    pub n: Option<u32>,
    /// Elements of K in one step: 8, 16 or 32.
    pub k: Option<u32>,
    /// Output rows of a thread: 1, 2, 4 or 8.
    pub rows: Option<u32>,
    /// Output columns of a thread: 2, 4 or 8.
    pub columns: Option<u32>,
}

/// A wish for the staged GEMM. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StagedSpec {
    /// Output rows of a workgroup.
    pub m: Option<u32>,
    /// Output columns of a workgroup.
    pub n: Option<u32>,
    /// Elements of K in one step: 16 or 32.
    pub k: Option<u32>,
    /// Output rows of a thread: 4, 8 or 16.
    pub rows: Option<u32>,
    /// Output columns of a thread: 4 or 8.
    pub columns: Option<u32>,
    /// Sets of threads that divide K: 1, 2 or 4. Several only in f32.
    pub teams: Option<u32>,
    /// Whether operands of the next four k are loaded while those of these are multiplied.
    pub ahead: Option<bool>,
}

/// A wish for the GEMM of cooperative matrices. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatrixSpec {
    /// Output rows of a workgroup.
    pub m: Option<u32>,
    /// Output columns of a workgroup.
    pub n: Option<u32>,
    /// Elements of K in one step: 32, 48 or 64.
    pub k: Option<u32>,
    /// Output rows of a subgroup.
    pub subgroup_m: Option<u32>,
    /// Output columns of a subgroup.
    pub subgroup_n: Option<u32>,
    /// Rows and columns of a matrix: 8 or 16.
    pub side: Option<u32>,
    /// Steps that workgroup memory holds: 1 or 2.
    pub buffers: Option<u32>,
}

/// A wish for the GEMM of cooperative matrices whose subgroups have panels of weights of their own. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PanelMatrixSpec {
    /// Output rows of a workgroup.
    pub m: Option<u32>,
    /// Output columns of a workgroup, 32 for each subgroup of a team.
    pub n: Option<u32>,
    /// Elements of K of a tile of inputs: 32, 48 or 64.
    pub k: Option<u32>,
    /// How inputs are read: as the caller has them, or rounded to f16 by a pass before the kernel.
    pub inputs: Option<InputFormat>,
    /// Panels of a subgroup: 1 or 2.
    pub panels: Option<u32>,
    /// What stands between writing a panel and reading it.
    pub barrier: Option<PanelBarrier>,
    /// Sets of subgroups that divide K: 1, 2 or 4.
    pub teams: Option<u32>,
}

impl From<TileSpec> for PrefillSpec {
    fn from(tile: TileSpec) -> Self {
        Self::Tile(tile)
    }
}

impl From<StagedSpec> for PrefillSpec {
    fn from(staged: StagedSpec) -> Self {
        Self::Staged(staged)
    }
}

impl From<MatrixSpec> for PrefillSpec {
    fn from(matrix: MatrixSpec) -> Self {
        Self::Matrix(matrix)
    }
}

impl From<PanelMatrixSpec> for PrefillSpec {
    fn from(matrix: PanelMatrixSpec) -> Self {
        Self::PanelMatrix(matrix)
    }
}

impl StagedSpec {
    /// The geometry, with what was left out.
    pub(crate) fn geometry(self) -> Staged {
        let default = Staged::DEFAULT;
        Staged {
            tile_m: self.m.unwrap_or(default.tile_m),
            tile_n: self.n.unwrap_or(default.tile_n),
            tile_k: self.k.unwrap_or(default.tile_k),
            rows: self.rows.unwrap_or(default.rows),
            columns: self.columns.unwrap_or(default.columns),
            teams: self.teams.unwrap_or(default.teams),
            ahead: self.ahead.unwrap_or(default.ahead),
        }
    }
}

impl MatrixSpec {
    /// The geometry, with what was left out; a side that there is not stands for the larger one.
    pub(crate) fn geometry(self) -> Matrix {
        let named = |side: &MatrixSide| Some(side.length()) == self.side;
        let default = match MatrixSide::ALL.into_iter().find(named) {
            Some(MatrixSide::Eight) => Matrix::DEFAULT_EIGHT,
            Some(MatrixSide::Sixteen) | None => Matrix::DEFAULT,
        };
        Matrix {
            tile_m: self.m.unwrap_or(default.tile_m),
            tile_n: self.n.unwrap_or(default.tile_n),
            tile_k: self.k.unwrap_or(default.tile_k),
            subgroup_m: self.subgroup_m.unwrap_or(default.subgroup_m),
            subgroup_n: self.subgroup_n.unwrap_or(default.subgroup_n),
            side: default.side,
            buffers: self.buffers.unwrap_or(default.buffers),
        }
    }
}

impl PanelMatrixSpec {
    /// The geometry, with what was left out.
    pub(crate) fn geometry(self) -> PanelMatrix {
        let default = PanelMatrix::DEFAULT;
        PanelMatrix {
            tile_m: self.m.unwrap_or(default.tile_m),
            tile_n: self.n.unwrap_or(default.tile_n),
            tile_k: self.k.unwrap_or(default.tile_k),
            inputs: self.inputs.unwrap_or(default.inputs),
            panels: self.panels.unwrap_or(default.panels),
            barrier: self.barrier.unwrap_or(default.barrier),
            teams: self.teams.unwrap_or(default.teams),
        }
    }
}
