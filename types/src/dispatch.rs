//! How many workgroups a kernel is dispatched with.

use core::fmt;

/// The dispatch formula of a kernel. The kernel's own loop or tile numbering is rendered from the same values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(tag = "kind", rename_all = "snake_case")
)]
pub enum Dispatch {
    /// `x = min(ceil(N / columns), limit)`: a workgroup strides over blocks of columns, so that any N is served by any grid.
    GridStride {
        /// Output columns of one block.
        columns: u32,
    },
    /// As a grid stride, with `workgroups` workgroups at the most, each of which serves equally many blocks but the last ones:
    /// `x = ceil(blocks / ceil(blocks / min(workgroups, limit)))`, where `blocks = ceil(N / columns)`.
    Persistent {
        /// Output columns of one block.
        columns: u32,
        /// Workgroups, at most.
        workgroups: u32,
    },
    /// `x = min(ceil(N / columns), workgroups, limit)`: blocks of columns are dealt to the workgroups one after the other, and within each to its
    /// teams, again and again until all are dealt.
    Dealt {
        /// Output columns of one block.
        columns: u32,
        /// Workgroups, at most.
        workgroups: u32,
    },
    /// One workgroup per tile of the output, tiles numbered row by row; what exceeds the limit of x is folded into y.
    Folded {
        /// Output rows of a tile.
        rows: u32,
        /// Output columns of a tile.
        columns: u32,
    },
}

/// A grid that no folding makes fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{tiles} workgroups of {rows} x {columns} outputs cannot be folded into two dimensions of {limit}; \
     use a larger tile or a device with a larger max_compute_workgroups_per_dimension"
)]
pub struct TooManyWorkgroups {
    /// Workgroups that the output needs.
    pub tiles: u64,
    /// Output rows of a workgroup.
    pub rows: u32,
    /// Output columns of a workgroup.
    pub columns: u32,
    /// `max_compute_workgroups_per_dimension` of the device.
    pub limit: u32,
}

impl Dispatch {
    /// The grid for M rows and N columns on a device that allows `limit` workgroups per dimension.
    ///
    /// # Errors
    /// If a folded grid would exceed `limit` in both dimensions.
    pub fn grid(&self, m: u32, n: u32, limit: u32) -> Result<[u32; 3], TooManyWorkgroups> {
        let limit = limit.max(1);
        match *self {
            Self::GridStride { columns } => Ok([n.div_ceil(columns).min(limit), 1, 1]),
            Self::Persistent { columns, workgroups } => {
                let blocks = n.div_ceil(columns);
                let rounds = blocks.div_ceil(workgroups.clamp(1, limit)).max(1);
                Ok([blocks.div_ceil(rounds), 1, 1])
            }
            Self::Dealt { columns, workgroups } => {
                Ok([n.div_ceil(columns).min(workgroups.clamp(1, limit)), 1, 1])
            }
            Self::Folded { rows, columns } => {
                let tiles = u64::from(m.div_ceil(rows)) * u64::from(n.div_ceil(columns));
                // Folding evenly keeps the overshoot, workgroups that find no tile, below one row of the grid.
                let y = tiles.div_ceil(u64::from(limit)).max(1);
                let x = tiles.div_ceil(y);
                match (u32::try_from(x), u32::try_from(y)) {
                    (Ok(x), Ok(y)) if x <= limit && y <= limit => Ok([x, y, 1]),
                    _ => Err(TooManyWorkgroups {
                        tiles,
                        rows,
                        columns,
                        limit,
                    }),
                }
            }
        }
    }

    /// The most rows that one dispatch can serve for N columns, at least one tile's worth where one fits.
    #[must_use]
    pub fn max_rows(&self, n: u32, limit: u32) -> u64 {
        match *self {
            Self::GridStride { .. } | Self::Persistent { .. } | Self::Dealt { .. } => u64::MAX,
            Self::Folded { rows, columns } => {
                let grid = u64::from(limit).saturating_mul(u64::from(limit));
                (grid / u64::from(n.div_ceil(columns)).max(1)).saturating_mul(u64::from(rows))
            }
        }
    }
}

impl fmt::Display for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GridStride { columns: 1 } => write!(f, "x = min(N, limit), striding over the columns"),
            Self::GridStride { columns } => {
                write!(
                    f,
                    "x = min(ceil(N / {columns}), limit), striding over blocks of {columns} columns"
                )
            }
            Self::Persistent { columns, workgroups } => {
                write!(
                    f,
                    "x = ceil(B / ceil(B / min({workgroups}, limit))) for B = ceil(N / {columns}) blocks of columns, striding over the blocks"
                )
            }
            Self::Dealt { columns, workgroups } => {
                write!(
                    f,
                    "x = min(ceil(N / {columns}), {workgroups}, limit), blocks of columns dealt to all teams in turn"
                )
            }
            Self::Folded { rows, columns } => {
                write!(
                    f,
                    "x * y >= ceil(M / {rows}) * ceil(N / {columns}), y folds what exceeds the limit of x"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_stride_never_exceeds_the_limit() {
        let dispatch = Dispatch::GridStride { columns: 8 };
        assert_eq!(dispatch.grid(1, 7, 65_535), Ok([1, 1, 1]));
        assert_eq!(dispatch.grid(1, u32::MAX, 65_535), Ok([65_535, 1, 1]));
    }

    #[test]
    fn a_persistent_grid_is_limited_and_gives_every_workgroup_its_share() {
        let dispatch = Dispatch::Persistent {
            columns: 8,
            workgroups: 100,
        };
        for (n, limit, x) in [
            (1, 65_535, 1),
            (800, 65_535, 100),
            (808, 65_535, 51),
            (8_000, 7, 7),
            (80, 0, 1),
        ] {
            assert_eq!(dispatch.grid(1, n, limit), Ok([x, 1, 1]), "N = {n}");
        }
    }

    #[test]
    fn blocks_are_dealt_to_as_many_workgroups_as_there_are() {
        let dispatch = Dispatch::Dealt {
            columns: 4,
            workgroups: 132,
        };
        for (n, limit, x) in [
            (1, 65_535, 1),
            (527, 65_535, 132),
            (528, 65_535, 132),
            (100_000, 65_535, 132),
            (8_000, 7, 7),
            (80, 0, 1),
        ] {
            assert_eq!(dispatch.grid(1, n, limit), Ok([x, 1, 1]), "N = {n}");
        }
    }

    #[test]
    fn a_folded_grid_covers_every_tile_with_less_than_a_row_to_spare() {
        let dispatch = Dispatch::Folded { rows: 4, columns: 4 };
        for limit in [2, 3, 7, 100, 65_535] {
            for (m, n) in [(1, 1), (4, 4), (5, 9), (17, 31), (64, 1000)] {
                let tiles = u64::from(m_tiles(m)) * u64::from(m_tiles(n));
                match dispatch.grid(m, n, limit) {
                    Ok([x, y, z]) => {
                        let covered = u64::from(x) * u64::from(y);
                        assert_eq!(z, 1);
                        assert!(x <= limit && y <= limit, "{x} x {y} over {limit}");
                        assert!(
                            covered >= tiles && covered - tiles < u64::from(y),
                            "{covered} for {tiles}"
                        );
                    }
                    Err(error) => assert!(error.tiles > u64::from(limit) * u64::from(limit), "{error}"),
                }
            }
        }
    }

    #[test]
    fn the_most_rows_of_a_dispatch_fit_its_grid_and_one_tile_more_does_not() {
        let dispatch = Dispatch::Folded { rows: 4, columns: 4 };
        let rows = u32::try_from(dispatch.max_rows(9, 7)).unwrap();
        assert!(dispatch.grid(rows, 9, 7).is_ok());
        assert!(dispatch.grid(rows + 1, 9, 7).is_err());
    }

    fn m_tiles(m: u32) -> u32 {
        m.div_ceil(4)
    }
}
