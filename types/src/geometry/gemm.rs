//! The register-tiled GEMM.

use core::fmt;

use super::{Family, Label};
use crate::{Dispatch, Feature, Route, RowsServed, layout::WEIGHTS_PER_WORD};

/// The register-tiled GEMM: a workgroup computes a tile of the output, each thread a small tile of it in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Gemm {
    /// Output rows of a workgroup.
    pub tile_m: u32,
    /// Output columns of a workgroup.
    pub tile_n: u32,
    /// Elements of K that one step of the inner loop consumes; a thread loads as many weights of a column at once.
    pub tile_k: u32,
    /// Output rows of a thread.
    pub rows: u32,
    /// Output columns of a thread.
    pub columns: u32,
    /// Which K it serves.
    pub alignment: KAlignment,
}

/// Which K a GEMM serves, and so how it reads a row of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum KAlignment {
    /// K is a multiple of `tile_k`: rows of weights start at whole words, input rows at whole `vec4`s.
    Aligned,
    /// Any K and any group size: rows of weights start at any byte, the tail of K is masked.
    Ragged,
}

impl Gemm {
    /// The numbers of rows per thread there are.
    pub const ROWS: [u32; 4] = [1, 2, 4, 8];
    /// The numbers of columns per thread there are.
    pub const COLUMNS: [u32; 3] = [2, 4, 8];
    /// The K steps there are: one, two or four words, so that a step is one `u32`, `vec2<u32>` or `vec4<u32>`.
    pub const TILE_K: [u32; 3] = [WEIGHTS_PER_WORD, 2 * WEIGHTS_PER_WORD, 4 * WEIGHTS_PER_WORD];

    /// Rows and columns of a workgroup's tile where a description names none.
    pub const DEFAULT_TILE: (u32, u32) = (64, 64);
    /// Rows and columns of a thread where a description names none.
    pub const DEFAULT_THREAD: (u32, u32) = (4, 4);
    /// The widest K step that is chosen where a description names none.
    pub const DEFAULT_TILE_K: u32 = 16;

    /// Threads along M.
    #[must_use]
    pub const fn threads_m(&self) -> u32 {
        self.tile_m / self.rows
    }

    /// Threads along N.
    #[must_use]
    pub const fn threads_n(&self) -> u32 {
        self.tile_n / self.columns
    }
}

impl Family for Gemm {
    fn name(&self) -> &'static str {
        "gemm"
    }

    fn label(&self) -> Label {
        Label {
            sizes: format!(
                "{}x{}x{}_t{}x{}",
                self.tile_m, self.tile_n, self.tile_k, self.rows, self.columns
            ),
            kind: match self.alignment {
                KAlignment::Aligned => None,
                KAlignment::Ragged => Some("ragged"),
            },
        }
    }

    fn route(&self) -> Route {
        Route::Prefill
    }

    fn rows(&self) -> RowsServed {
        RowsServed::Any
    }

    fn k_multiple(&self) -> u32 {
        match self.alignment {
            KAlignment::Aligned => self.tile_k,
            KAlignment::Ragged => 1,
        }
    }

    fn features(&self) -> &'static [Feature] {
        &[]
    }

    fn workgroup_size(&self) -> u32 {
        self.threads_m() * self.threads_n()
    }

    fn dispatch(&self) -> Dispatch {
        Dispatch::Folded {
            rows: self.tile_m,
            columns: self.tile_n,
        }
    }
}

impl fmt::Display for Gemm {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (m, n, k) = (self.tile_m, self.tile_n, self.tile_k);
        let (rows, columns, alignment) = (self.rows, self.columns, self.alignment);
        write!(
            f,
            "tile {{ m: {m}, n: {n}, k: {k}, rows: {rows}, columns: {columns} }}, {alignment}"
        )
    }
}

impl fmt::Display for KAlignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aligned => "aligned",
            Self::Ragged => "ragged",
        })
    }
}
