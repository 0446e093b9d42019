//! How a kernel family divides its work: the numbers that its templates are specialised on.

use core::fmt;

use crate::{Dispatch, layout::WEIGHTS_PER_WORD};

/// The family of a kernel and the numbers it is specialised on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(tag = "family", rename_all = "snake_case")
)]
pub enum Geometry {
    /// Cooperative GEMV.
    Coop4(Coop4),
    /// Register-tiled GEMM.
    Gemm(Gemm),
}

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

/// How the lanes of a workgroup add up their partial sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Reduction {
    /// A tree in workgroup memory. Runs everywhere.
    Shared,
    /// Subgroup additions, then one partial sum per subgroup in workgroup memory. For subgroups of any size.
    Subgroup,
}

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

impl Geometry {
    /// Invocations per workgroup.
    #[must_use]
    pub const fn workgroup_size(&self) -> u32 {
        match self {
            Self::Coop4(coop4) => coop4.width,
            Self::Gemm(gemm) => gemm.threads_m() * gemm.threads_n(),
        }
    }

    /// How many workgroups serve M rows and N columns.
    #[must_use]
    pub const fn dispatch(&self) -> Dispatch {
        match *self {
            Self::Coop4(coop4) => Dispatch::GridStride {
                columns: coop4.columns,
            },
            Self::Gemm(gemm) => Dispatch::Folded {
                rows: gemm.tile_m,
                columns: gemm.tile_n,
            },
        }
    }

    /// The name of the family, which is also its folder under `templates/`.
    #[must_use]
    pub const fn family(&self) -> &'static str {
        match self {
            Self::Coop4(_) => "coop4",
            Self::Gemm(_) => "gemm",
        }
    }
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared => "shared",
            Self::Subgroup => "subgroup",
        })
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
