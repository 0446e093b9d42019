//! The GEMM that stages its operands in workgroup memory.

use core::fmt;

use super::{Family, Label};
use crate::{Dispatch, Feature, Route, RowsServed, layout::WEIGHTS_PER_WORD};

/// The staged GEMM: a workgroup dequantises each weight of its tile once and keeps weights and inputs in workgroup memory, where every
/// thread takes those of its outputs. The next step of K is loaded into registers while this one is multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Staged {
    /// Output rows of a workgroup.
    pub tile_m: u32,
    /// Output columns of a workgroup.
    pub tile_n: u32,
    /// Elements of K that are staged at once.
    pub tile_k: u32,
    /// Output rows of a thread.
    pub rows: u32,
    /// Output columns of a thread.
    pub columns: u32,
    /// Sets of threads that each compute the whole tile for every so many steps of K: where tiles are few, more threads of a workgroup work on one. Only in f32.
    pub teams: u32,
    /// Whether operands of the next four k are on their way from workgroup memory to registers while those of these are multiplied.
    pub ahead: bool,
}

impl Staged {
    /// The numbers of rows per thread there are.
    pub const ROWS: [u32; 3] = [4, 8, 16];
    /// The numbers of columns per thread there are.
    pub const COLUMNS: [u32; 2] = [4, 8];
    /// The K steps there are.
    pub const TILE_K: [u32; 2] = [2 * WEIGHTS_PER_WORD, 4 * WEIGHTS_PER_WORD];
    /// The numbers of teams there are.
    pub const TEAMS: [u32; 3] = [1, 2, 4];
    /// Neighbouring threads along N. They read neighbouring columns of the staged tile, whose rows are spaced so that so many loads of 16 bytes
    /// meet in no bank.
    pub const STRIP: u32 = 8;
    /// Vectors between rows of staged operands: with an odd number from one to the next, the same k of neighbouring rows lies in other banks.
    pub const PADDING: u32 = 1;
    /// Elements of a vector: of K in workgroup memory, of columns in sums.
    pub const VECTOR: u32 = 4;

    /// Within the baseline limits of workgroup memory and invocations: it runs everywhere.
    pub const DEFAULT: Self = Self {
        tile_m: 64,
        tile_n: 64,
        tile_k: 16,
        rows: 8,
        columns: 8,
        teams: 1,
        ahead: false,
    };

    /// For inputs of so few rows, or layers of so few columns, that larger tiles leave most of a device idle: a small tile, whose teams divide K.
    pub const DIVIDED: Self = Self {
        tile_m: 32,
        rows: 4,
        teams: 2,
        ..Self::DEFAULT
    };

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

    /// Threads of a team.
    #[must_use]
    pub const fn threads_of_team(&self) -> u32 {
        self.threads_m() * self.threads_n()
    }

    /// Threads of a workgroup.
    #[must_use]
    pub const fn threads(&self) -> u32 {
        self.threads_of_team() * self.teams
    }

    /// Vectors of columns whose sums a thread has.
    #[must_use]
    pub const fn sums(&self) -> u32 {
        self.rows * self.columns / Self::VECTOR
    }

    /// Vectors of sums that teams have in workgroup memory at once, where operands were: as many of each thread as there are teams.
    #[must_use]
    pub const fn sums_at_once(&self) -> u32 {
        self.teams * self.threads()
    }

    /// Vectors that there is room for: those of the columns of all teams.
    #[must_use]
    pub const fn room_for_sums(&self) -> u32 {
        self.teams * self.tile_n * (self.tile_k / Self::VECTOR + Self::PADDING)
    }

    /// Loads of four inputs that one step of K takes, in all of a team.
    #[must_use]
    pub const fn input_loads(&self) -> u32 {
        self.tile_m * self.tile_k / Self::VECTOR
    }

    /// Loads of one word of weights that one step of K takes, in all of a team.
    #[must_use]
    pub const fn weight_loads(&self) -> u32 {
        self.tile_n * self.tile_k / WEIGHTS_PER_WORD
    }
}

impl Family for Staged {
    fn name(&self) -> &'static str {
        "staged"
    }

    fn label(&self) -> Label {
        let teams = match self.teams {
            1 => String::new(),
            teams => format!("_t{teams}"),
        };
        let ahead = if self.ahead { "_a" } else { "" };
        Label {
            sizes: format!(
                "{}x{}x{}_t{}x{}{ahead}{teams}",
                self.tile_m, self.tile_n, self.tile_k, self.rows, self.columns
            ),
            kind: None,
        }
    }

    fn route(&self) -> Route {
        Route::Prefill
    }

    fn rows(&self) -> RowsServed {
        RowsServed::Any
    }

    fn made_for_rows(&self) -> Option<u32> {
        (self.teams > 1).then_some(self.tile_m)
    }

    /// Rows of weights are whole words, and no group boundary splits one. A last step that is not whole is masked.
    fn k_multiple(&self) -> u32 {
        WEIGHTS_PER_WORD
    }

    fn features(&self) -> &'static [Feature] {
        &[]
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

impl fmt::Display for Staged {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tile_m,
            tile_n,
            tile_k,
            rows,
            columns,
            teams,
            ahead,
        } = self;
        let ahead = if *ahead { "always" } else { "never" };
        write!(
            f,
            "staged {{ m: {tile_m}, n: {tile_n}, k: {tile_k}, rows: {rows}, columns: {columns}, teams: {teams}, ahead: {ahead} }}"
        )
    }
}
