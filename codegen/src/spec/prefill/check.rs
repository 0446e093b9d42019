//! What is wrong with a wish for the kernel for many rows.

use q4_kernel_types::{Gemm, Matrix, PanelMatrix, Staged, layout::WEIGHTS_PER_WORD, load};

use super::{MatrixSpec, PanelMatrixSpec, PrefillSpec, StagedSpec, TileSpec};
use crate::{
    lint::{MAX_INVOCATIONS, MAX_WORKGROUP_BYTES},
    plan::TileDefaults,
    spec::{
        Field, KernelSpec,
        check::{Errors, divides},
    },
};

/// The most rows or columns of a tile in workgroup memory: one of the shortest step, 16 elements of f16, takes 32 bytes.
const MOST_STAGED: u32 = MAX_WORKGROUP_BYTES / 32;

impl KernelSpec {
    pub(in crate::spec) fn check_prefill(&self, prefill: PrefillSpec, errors: &mut Errors) {
        match prefill {
            PrefillSpec::Tile(tile) => self.check_tile(tile, errors),
            PrefillSpec::Staged(staged) => self.check_staged(staged, errors),
            PrefillSpec::Matrix(matrix) => self.check_matrix(matrix, errors),
            PrefillSpec::PanelMatrix(matrix) => self.check_panel_matrix(matrix, errors),
        }
    }

    fn check_tile(&self, tile: TileSpec, errors: &mut Errors) {
        errors.one_of(Field::PrefillK, tile.k, &Gemm::TILE_K);
        errors.one_of(Field::PrefillRows, tile.rows, &Gemm::ROWS);
        errors.one_of(Field::PrefillColumns, tile.columns, &Gemm::COLUMNS);

        let TileDefaults { m, n, rows, columns } = TileDefaults::of(tile);
        let along_m = divides(Field::PrefillM, m, (rows, "the rows of a thread"), errors);
        let along_n = divides(Field::PrefillN, n, (columns, "the columns of a thread"), errors);
        if along_m && along_n {
            let count = u64::from(m / rows) * u64::from(n / columns);
            threads((m, n), (rows, columns, "thread"), count, errors);
        }

        for (name, value) in [("K", self.k), ("group_size", self.fixed_group_size())] {
            if let (Some(step), Some(value)) = (tile.k, value)
                && Gemm::TILE_K.contains(&step)
                && !value.is_multiple_of(step)
            {
                errors.push(
                    Field::PrefillK,
                    format!(
                        "a step of {step} needs {name} % {step} == 0, and {name} is {value}; \
                         leave `k` out of the tile and a step that fits is chosen"
                    ),
                );
            }
        }
    }

    fn check_staged(&self, wish: StagedSpec, errors: &mut Errors) {
        errors.one_of(Field::PrefillK, wish.k, &Staged::TILE_K);
        errors.one_of(Field::PrefillRows, wish.rows, &Staged::ROWS);
        errors.one_of(Field::PrefillColumns, wish.columns, &Staged::COLUMNS);
        errors.one_of(Field::PrefillTeams, wish.teams, &Staged::TEAMS);
        self.whole("staged", (WEIGHTS_PER_WORD, WEIGHTS_PER_WORD), &[], errors);

        let staged = wish.geometry();
        let Staged {
            tile_m: m,
            tile_n: n,
            rows,
            columns,
            teams,
            ..
        } = staged;
        let strip = columns.saturating_mul(Staged::STRIP);
        let along_m = divides(Field::PrefillM, m, (rows, "the rows of a thread"), errors);
        let what = format!("{} times the columns of a thread", Staged::STRIP);
        let along_n = divides(Field::PrefillN, n, (strip, &what), errors);
        let computable = staged_sizes((m, n), &[staged.tile_k], errors) && Staged::TEAMS.contains(&teams);
        if along_m && along_n && computable {
            let count = u64::from(m / rows) * u64::from(n / columns) * u64::from(teams);
            if threads((m, n), (rows, columns, "thread"), count, errors) {
                shares(
                    staged.input_loads(),
                    staged.weight_loads(),
                    staged.threads_of_team(),
                    errors,
                );
                let (sums, room) = (staged.sums_at_once(), staged.room_for_sums());
                if teams > 1 && sums > room {
                    errors.push(
                        Field::PrefillTeams,
                        format!(
                            "{teams} teams of {} threads have {sums} vectors of sums in workgroup memory at once, and there is room for {room}; \
                             use fewer teams or more outputs per thread",
                            staged.threads_of_team()
                        ),
                    );
                }
            }
        }
    }

    fn check_matrix(&self, wish: MatrixSpec, errors: &mut Errors) {
        self.check_rounding((Field::Prefill, "matrix"), "staged", errors);
        errors.one_of(Field::PrefillK, wish.k, &Matrix::TILE_K);
        errors.one_of(Field::PrefillSide, wish.side, &Matrix::SIDES);
        errors.one_of(Field::PrefillBuffers, wish.buffers, &Matrix::BUFFERS);
        self.whole("matrix", (WEIGHTS_PER_WORD, WEIGHTS_PER_WORD), &[], errors);

        let matrix = wish.geometry();
        let Matrix {
            tile_m: m,
            tile_n: n,
            subgroup_m,
            subgroup_n,
            ..
        } = matrix;
        let side = (matrix.side.length(), "the side of a matrix");
        let fits = divides(Field::PrefillSubgroupM, subgroup_m, side, errors)
            & divides(Field::PrefillSubgroupN, subgroup_n, side, errors)
            & staged_sizes((m, n), &[matrix.tile_k], errors);
        if fits
            && divides(Field::PrefillM, m, (subgroup_m, "the rows of a subgroup"), errors)
                & divides(
                    Field::PrefillN,
                    n,
                    (subgroup_n, "the columns of a subgroup"),
                    errors,
                )
        {
            let subgroups = u64::from(m / subgroup_m) * u64::from(n / subgroup_n);
            let count = subgroups * u64::from(Matrix::SUBGROUP_SIZE);
            if threads((m, n), (subgroup_m, subgroup_n, "subgroup"), count, errors) {
                shares(
                    matrix.input_loads(),
                    matrix.weight_loads(),
                    matrix.threads(),
                    errors,
                );
            }
        }
    }

    fn check_panel_matrix(&self, wish: PanelMatrixSpec, errors: &mut Errors) {
        self.check_rounding((Field::Prefill, "panel_matrix"), "staged", errors);
        errors.one_of(Field::PrefillK, wish.k, &PanelMatrix::TILE_K);
        errors.one_of(Field::PrefillPanels, wish.panels, &PanelMatrix::PANELS);
        errors.one_of(Field::PrefillTeams, wish.teams, &PanelMatrix::TEAMS);
        self.whole(
            "panel_matrix",
            (PanelMatrix::SPAN, PanelMatrix::LOAD),
            &load::SHORT_GROUPS,
            errors,
        );

        let matrix = wish.geometry();
        let PanelMatrix {
            tile_m: m,
            tile_n: n,
            teams,
            ..
        } = matrix;
        let side = (PanelMatrix::SIDE, "the side of a matrix");
        let panel = (PanelMatrix::PANEL, "the columns of a subgroup");
        if divides(Field::PrefillM, m, side, errors)
            & divides(Field::PrefillN, n, panel, errors)
            & staged_sizes((m, n), &[matrix.tile_k, matrix.panels], errors)
            && PanelMatrix::TEAMS.contains(&teams)
            && threads(
                (m, n),
                (m, PanelMatrix::PANEL, "subgroup"),
                u64::from(matrix.subgroups_of_team()) * u64::from(teams * Matrix::SUBGROUP_SIZE),
                errors,
            )
            && teams > 1
        {
            let what = "outputs of a team that are added at once";
            evenly(Field::PrefillTeams, what, matrix.sums(), matrix.threads(), errors);
        }
    }

    /// Families that load several weights at once need whole loads.
    fn whole(&self, family: &str, multiples: (u32, u32), short_groups: &[u32], errors: &mut Errors) {
        let instead = "leave `prefill` out and a kernel that serves it is chosen";
        self.check_multiples((Field::Prefill, family), multiples, short_groups, instead, errors);
    }
}

/// Whether the sizes of a tile in workgroup memory are such that one can compute with them. Rows and columns that no device has room for are errors; other sizes are
/// of those that there are, or errors already.
fn staged_sizes((m, n): (u32, u32), others: &[u32], errors: &mut Errors) -> bool {
    let mut fit = others.iter().all(|size| *size <= MOST_STAGED);
    for (field, size) in [(Field::PrefillM, m), (Field::PrefillN, n)] {
        if size > MOST_STAGED {
            fit = false;
            errors.push(
                field,
                format!("no device has workgroup memory for a tile of {size}; use {MOST_STAGED} at the most"),
            );
        }
    }
    fit
}

/// Whether a device can have workgroups of so many invocations; if not, that is an error.
fn threads(
    (m, n): (u32, u32),
    (rows, columns, part): (u32, u32, &str),
    threads: u64,
    errors: &mut Errors,
) -> bool {
    let fits = threads <= u64::from(MAX_INVOCATIONS);
    if !fits {
        errors.push(
            Field::PrefillM,
            format!(
                "a tile of {m} x {n} with {rows} x {columns} outputs per {part} takes {threads} invocations, \
                 and no device offers more than {MAX_INVOCATIONS}; use a smaller tile or more outputs per {part}"
            ),
        );
    }
    fits
}

/// All threads of a workgroup must load the same.
fn shares(input_loads: u32, weight_loads: u32, threads: u32, errors: &mut Errors) {
    for (field, what, loads) in [
        (Field::PrefillM, "vectors of inputs in a step", input_loads),
        (Field::PrefillN, "words of weights in a step", weight_loads),
    ] {
        evenly(field, what, loads, threads, errors);
    }
}

fn evenly(field: Field, what: &str, loads: u32, threads: u32, errors: &mut Errors) {
    if !loads.is_multiple_of(threads) {
        errors.push(
            field,
            format!(
                "{loads} {what} cannot be shared evenly by {threads} threads; \
                 use a larger tile, a longer step or fewer threads"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use q4_kernel_types::{InputFormat, NumericClass};

    use super::*;
    use crate::spec::{Format, SpecError};

    fn rounded() -> KernelSpec {
        KernelSpec {
            numeric: NumericClass::F16Multiply,
            ..KernelSpec::new("Up", Format::q4gsw(32)).k(2048)
        }
    }

    fn messages(spec: &KernelSpec) -> Vec<String> {
        let errors = spec.check().expect_err("the description is wrong");
        errors.iter().map(SpecError::to_string).collect()
    }

    #[test]
    fn wishes_that_leave_everything_out_are_right() {
        assert_eq!(rounded().prefill(StagedSpec::default()).check(), Ok(()));
        assert_eq!(rounded().prefill(MatrixSpec::default()).check(), Ok(()));
        assert_eq!(rounded().prefill(PanelMatrixSpec::default()).check(), Ok(()));
        let eight = MatrixSpec {
            side: Some(8),
            ..MatrixSpec::default()
        };
        assert_eq!(rounded().prefill(eight).check(), Ok(()));
    }

    #[test]
    fn matrices_are_refused_where_nothing_may_be_rounded() {
        let spec = KernelSpec::new("Up", Format::q4gsw(32)).prefill(MatrixSpec::default());
        assert_eq!(
            messages(&spec),
            [
                "`prefill`: matrix rounds its operands to f16, and the description allows exact; add `numeric: f16_multiply`, \
                 or ask for `staged` instead"
            ]
        );
    }

    #[test]
    fn all_mistakes_of_a_staged_tile_are_reported_at_once() {
        let spec = KernelSpec::new("Up", Format::q4gsw(12)).k(2050);
        let wish = StagedSpec {
            m: Some(60),
            n: Some(96),
            k: Some(8),
            rows: Some(8),
            columns: Some(2),
            ..StagedSpec::default()
        };
        assert_eq!(
            messages(&spec.prefill(wish)),
            [
                "`prefill.k`: 8 is not supported; use one of 16, 32",
                "`prefill.columns`: 2 is not supported; use one of 4, 8",
                "`prefill`: staged needs K % 8 == 0, and K is 2050; leave `prefill` out and a kernel that serves it is chosen",
                "`prefill`: staged needs group_size % 8 == 0, and group_size is 12; leave `prefill` out and a kernel that serves it is chosen",
                "`prefill.m`: 60 is not a positive multiple of 8, the rows of a thread; change one of them",
            ]
        );
    }

    #[test]
    fn loads_that_threads_cannot_share_evenly_are_refused() {
        let staged = StagedSpec {
            m: Some(64),
            rows: Some(4),
            n: Some(64),
            columns: Some(8),
            k: Some(16),
            ..StagedSpec::default()
        };
        assert_eq!(rounded().prefill(staged).check(), Ok(()));
        let narrow = StagedSpec {
            m: Some(192),
            ..staged
        };
        assert_eq!(
            messages(&rounded().prefill(narrow)),
            [
                "`prefill.n`: 128 words of weights in a step cannot be shared evenly by 384 threads; \
                 use a larger tile, a longer step or fewer threads"
            ]
        );
    }

    #[test]
    fn a_subgroup_that_is_not_made_of_whole_matrices_is_refused() {
        let wish = MatrixSpec {
            subgroup_m: Some(24),
            n: Some(100),
            ..MatrixSpec::default()
        };
        assert_eq!(
            messages(&rounded().prefill(wish)),
            [
                "`prefill.subgroup_m`: 24 is not a positive multiple of 16, the side of a matrix; change one of them"
            ]
        );
        let wish = MatrixSpec {
            n: Some(100),
            ..MatrixSpec::default()
        };
        assert_eq!(
            messages(&rounded().prefill(wish)),
            [
                "`prefill.n`: 100 is not a positive multiple of 32, the columns of a subgroup; change one of them"
            ]
        );
    }

    #[test]
    fn all_mistakes_of_a_tile_of_panels_are_reported_at_once() {
        let spec = KernelSpec::new("Up", Format::q4gsw(40)).k(2056);
        let wish = PanelMatrixSpec {
            m: Some(40),
            n: Some(80),
            k: Some(16),
            panels: Some(3),
            teams: Some(3),
            ..PanelMatrixSpec::default()
        };
        assert_eq!(
            messages(&spec.prefill(wish)),
            [
                "`prefill`: panel_matrix rounds its operands to f16, and the description allows exact; add `numeric: f16_multiply`, \
                 or ask for `staged` instead",
                "`prefill.k`: 16 is not supported; use one of 32, 48, 64",
                "`prefill.panels`: 3 is not supported; use one of 1, 2",
                "`prefill.teams`: 3 is not supported; use one of 1, 2, 4",
                "`prefill`: panel_matrix needs K % 128 == 0, and K is 2056; leave `prefill` out and a kernel that serves it is chosen",
                "`prefill`: panel_matrix needs group_size % 32 == 0 or group_size == 16, and group_size is 40; leave `prefill` out and a kernel that serves it is chosen",
                "`prefill.m`: 40 is not a positive multiple of 16, the side of a matrix; change one of them",
                "`prefill.n`: 80 is not a positive multiple of 32, the columns of a subgroup; change one of them",
            ]
        );
    }

    #[test]
    fn subgroups_of_a_tile_of_panels_need_not_share_its_inputs_evenly() {
        for (m, n) in [(16, 256), (128, 224), (96, 160)] {
            let wish = PanelMatrixSpec {
                m: Some(m),
                n: Some(n),
                ..PanelMatrixSpec::default()
            };
            let matrix = wish.geometry();
            assert_ne!(matrix.input_loads() % matrix.threads(), 0, "{matrix}");
            assert_eq!(rounded().prefill(wish).check(), Ok(()));
        }
    }

    #[test]
    fn teams_whose_sums_have_no_room_where_operands_were_are_refused() {
        let wish = StagedSpec {
            m: Some(32),
            n: Some(32),
            rows: Some(4),
            columns: Some(4),
            teams: Some(4),
            ..StagedSpec::default()
        };
        assert_eq!(
            messages(&rounded().prefill(wish)),
            [
                "`prefill.teams`: 4 teams of 64 threads have 1024 vectors of sums in workgroup memory at once, and there is room for 640; \
                 use fewer teams or more outputs per thread"
            ]
        );
        let longer = StagedSpec { k: Some(32), ..wish };
        assert_eq!(rounded().prefill(longer).check(), Ok(()));
    }

    #[test]
    fn teams_whose_sums_the_threads_cannot_share_evenly_are_refused() {
        let wish = PanelMatrixSpec {
            m: Some(96),
            n: Some(256),
            teams: Some(2),
            inputs: Some(InputFormat::F16),
            ..PanelMatrixSpec::default()
        };
        assert_eq!(
            messages(&rounded().prefill(wish)),
            [
                "`prefill.teams`: 256 outputs of a team that are added at once cannot be shared evenly by 512 threads; \
                 use a larger tile, a longer step or fewer threads",
            ]
        );
    }

    #[test]
    fn sizes_that_no_device_has_memory_for_are_refused_whatever_they_are_multiples_of() {
        for huge in [1 << 30, 1 << 31, u32::MAX - 31, u32::MAX] {
            let (m, n, k) = (Some(huge), Some(huge), Some(huge));
            let wishes: [PrefillSpec; 6] = [
                StagedSpec {
                    m,
                    rows: m,
                    ..StagedSpec::default()
                }
                .into(),
                StagedSpec {
                    n,
                    k,
                    columns: n,
                    ..StagedSpec::default()
                }
                .into(),
                MatrixSpec {
                    m,
                    subgroup_m: m,
                    ..MatrixSpec::default()
                }
                .into(),
                MatrixSpec {
                    n,
                    k,
                    subgroup_n: n,
                    ..MatrixSpec::default()
                }
                .into(),
                PanelMatrixSpec {
                    m,
                    teams: Some(2),
                    ..PanelMatrixSpec::default()
                }
                .into(),
                PanelMatrixSpec {
                    n,
                    k,
                    panels: n,
                    ..PanelMatrixSpec::default()
                }
                .into(),
            ];
            for wish in wishes {
                let messages = messages(&rounded().prefill(wish));
                let refused =
                    format!("no device has workgroup memory for a tile of {huge}; use 2048 at the most");
                assert!(
                    messages.iter().any(|message| message.contains(&refused)),
                    "{messages:?}"
                );
            }
        }
        for k in [1 << 30, u32::MAX] {
            let staged = StagedSpec {
                k: Some(k),
                ..StagedSpec::default()
            };
            assert_eq!(
                messages(&rounded().prefill(staged)),
                [format!("`prefill.k`: {k} is not supported; use one of 16, 32")]
            );
        }
    }

    #[test]
    fn a_tile_of_too_many_subgroups_is_refused() {
        let wish = MatrixSpec {
            m: Some(512),
            n: Some(512),
            ..MatrixSpec::default()
        };
        let [message] = messages(&rounded().prefill(wish)).try_into().unwrap();
        assert!(message.contains("takes 4096 invocations"), "{message}");
    }
}
