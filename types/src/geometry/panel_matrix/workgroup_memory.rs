//! What lies in the workgroup memory of a panel GEMM: tiles of inputs, panels of weights, and matrices on their way to the output.

use super::PanelMatrix;
use crate::InputFormat;

impl PanelMatrix {
    /// Bytes of workgroup memory that drivers give where there are matrices of 16 x 16.
    const WORKGROUP_BYTES: u32 = 48 * 1024;

    /// Matrices that can be on their way to the output at once: one of each subgroup, or as many of each team as take turns.
    #[must_use]
    pub const fn stored_at_once(&self) -> u32 {
        if self.joins_tiles() {
            self.matrices_beside_joined_tiles()
        } else {
            self.subgroups()
        }
    }

    /// Rounds in which the matrices of all subgroups leave, as many at once as there is room for. The last may be of fewer.
    #[must_use]
    pub const fn store_rounds(&self) -> u32 {
        self.subgroups().div_ceil(self.stored_at_once())
    }

    /// Outputs of a team that are on their way at once, to be added to those of the others.
    #[must_use]
    pub const fn sums(&self) -> u32 {
        self.stored_at_once() / self.teams * Self::SIDE * Self::SIDE
    }

    /// Whether a row of both tiles of inputs lies in one piece, padded once: where that is what makes room for matrices on their way to the output, and for the bias
    /// of all columns, which lies there before.
    #[must_use]
    pub const fn joins_tiles(&self) -> bool {
        let apart = 2 * self.tile_m * Self::padded_bytes(self.staged_k()) + self.panel_bytes();
        let bias = (self.subgroups() * Self::PANEL).div_ceil(Self::SIDE * Self::SIDE);
        apart + self.subgroups() * Self::matrix_bytes() > Self::WORKGROUP_BYTES
            && self.matrices_beside_joined_tiles() >= bias
    }

    /// The matrices that there is room for, as many as the fewest turns take; none where there is no room. Subgroups of teams, whose sums meet, take turns alike.
    const fn matrices_beside_joined_tiles(&self) -> u32 {
        let room = Self::WORKGROUP_BYTES.saturating_sub(self.joined_bytes()) / Self::matrix_bytes();
        let (all, room) = (self.subgroups_of_team(), room / self.teams);
        if room == 0 {
            return 0;
        }
        let mut turns = all.div_ceil(room);
        while self.teams > 1 && !all.is_multiple_of(turns) {
            turns += 1;
        }
        all.div_ceil(turns) * self.teams
    }

    /// Bytes of workgroup memory but for matrices on their way to the output, where tiles are joined.
    const fn joined_bytes(&self) -> u32 {
        self.tile_m * Self::padded_bytes(2 * self.staged_k()) + self.panel_bytes()
    }

    /// A row of a panel holds a column of each of its matrices.
    const fn panel_bytes(&self) -> u32 {
        self.panels * self.subgroups() * Self::SIDE * Self::padded_bytes(Self::PANEL)
    }

    /// Bytes of a row of so many inputs or weights.
    const fn padded_bytes(elements: u32) -> u32 {
        (elements + Self::PADDING * Self::VECTOR) * InputFormat::F16.bytes()
    }

    const fn matrix_bytes() -> u32 {
        Self::SIDE * Self::SIDE * InputFormat::F32.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_joined_where_that_makes_room_and_subgroups_of_teams_take_turns_alike() {
        let rounded = PanelMatrix::DEFAULT_ROUNDED;
        assert!(rounded.joins_tiles() && !PanelMatrix::DEFAULT.joins_tiles());
        assert_eq!(
            rounded.joined_bytes() + rounded.stored_at_once() * PanelMatrix::matrix_bytes(),
            PanelMatrix::WORKGROUP_BYTES
        );
        let sizes = (1..=8).flat_map(|m| (1..=32).map(move |n| (16 * m, 32 * n)));
        for ((tile_m, tile_n), tile_k) in sizes.flat_map(|size| PanelMatrix::TILE_K.map(|k| (size, k))) {
            let teams = PanelMatrix::TEAMS.into_iter();
            for (panels, teams) in teams.flat_map(|teams| PanelMatrix::PANELS.map(|panels| (panels, teams))) {
                let matrix = PanelMatrix {
                    tile_m,
                    tile_n,
                    tile_k,
                    panels,
                    teams,
                    ..rounded
                };
                let matrices = matrix.stored_at_once();
                assert_eq!(matrices % teams, 0, "{matrix}");
                let of_team = matrices / teams;
                assert!(
                    teams == 1 || matrix.subgroups_of_team().is_multiple_of(of_team),
                    "{matrix}"
                );
                assert_eq!(
                    matrix.store_rounds(),
                    matrix.subgroups_of_team().div_ceil(of_team),
                    "{matrix}"
                );
                assert!(
                    matrices * PanelMatrix::SIDE * PanelMatrix::SIDE >= teams * tile_n,
                    "{matrix}"
                );
                let joined = matrix.joined_bytes() + matrices * PanelMatrix::matrix_bytes();
                assert!(
                    !matrix.joins_tiles() || joined <= PanelMatrix::WORKGROUP_BYTES,
                    "{matrix}"
                );
            }
        }
    }
}
