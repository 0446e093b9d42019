//! The kernels of every M.

use q4_kernel_types::{
    Configuration, Gemm, Geometry, KAlignment, Matrix, NumericClass, PanelMatrix, Staged,
    layout::WEIGHTS_PER_WORD,
};

use super::{configuration, groups_may_fit_loads};
use crate::spec::{KernelSpec, PrefillSpec, TileSpec};

/// The invocations per workgroup that every WebGPU device offers.
const BASELINE_INVOCATIONS: u32 = 256;

/// The tile of a description, with what it leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TileDefaults {
    pub(crate) m: u32,
    pub(crate) n: u32,
    pub(crate) rows: u32,
    pub(crate) columns: u32,
}

impl TileDefaults {
    pub(crate) fn of(tile: TileSpec) -> Self {
        let ((m, n), (rows, columns)) = (Gemm::DEFAULT_TILE, Gemm::DEFAULT_THREAD);
        Self {
            m: tile.m.unwrap_or(m),
            n: tile.n.unwrap_or(n),
            rows: tile.rows.unwrap_or(rows),
            columns: tile.columns.unwrap_or(columns),
        }
    }
}

/// The variants for every M. They end in register-tiled ones, which run everywhere and of which one serves every K and group size that are not
/// known yet.
pub(super) fn prefill(spec: &KernelSpec) -> Vec<Configuration> {
    let mut variants = match spec.prefill {
        Some(PrefillSpec::Tile(_)) => Vec::new(),
        Some(PrefillSpec::Staged(wish)) => staged(spec, &[wish.geometry(), Staged::DEFAULT]),
        Some(PrefillSpec::Matrix(wish)) => [
            matrices(spec, vec![Geometry::Matrix(wish.geometry())]),
            exact(spec),
        ]
        .concat(),
        Some(PrefillSpec::PanelMatrix(wish)) => {
            // Devices without barriers of subgroups have matrices all the same.
            let wished = Geometry::PanelMatrix(wish.geometry());
            let geometries = vec![wished, Geometry::Matrix(Matrix::DEFAULT)];
            [matrices(spec, geometries), exact(spec)].concat()
        }
        None if spec.may_be_multiples(WEIGHTS_PER_WORD) => {
            let mut geometries = vec![Geometry::Matrix(Matrix::DEFAULT)];
            // For tables of measurements to choose, and for rows of one small tile.
            if groups_may_fit_loads(spec) && spec.k.is_none_or(|k| k.is_multiple_of(PanelMatrix::SPAN)) {
                geometries.extend(
                    [PanelMatrix::DEFAULT, PanelMatrix::DEFAULT_ROUNDED]
                        .into_iter()
                        .chain(PanelMatrix::DIVIDED)
                        .chain(PanelMatrix::DIVIDED_EVERYWHERE)
                        .map(Geometry::PanelMatrix),
                );
            }
            geometries.extend([Matrix::DEFAULT_EIGHT, Matrix::SHORT_EIGHT].map(Geometry::Matrix));
            [matrices(spec, geometries), exact(spec)].concat()
        }
        None => Vec::new(),
    };
    let tile = match spec.prefill {
        Some(PrefillSpec::Tile(tile)) => tile,
        _ => TileSpec::default(),
    };
    variants.extend(tiled(spec, tile));
    variants
}

/// Staged GEMMs in the class of the description where they have one for it, then in f32.
fn staged(spec: &KernelSpec, geometries: &[Staged]) -> Vec<Configuration> {
    let mut variants = Vec::new();
    for numeric in [NumericClass::F16Multiply, NumericClass::Exact] {
        for &geometry in geometries {
            let variant = Configuration {
                numeric,
                ..configuration(spec, Geometry::Staged(geometry))
            };
            // Sums of teams meet in the memory of operands, which has to be of f32.
            let divided = geometry.teams > 1 && numeric != NumericClass::Exact;
            if spec.numeric.allows(numeric) && !divided && !variants.contains(&variant) {
                variants.push(variant);
            }
        }
    }
    variants
}

/// Staged GEMMs in f32: the default, and one for where tiles are few, which comes before it for rows of one of its own.
fn exact(spec: &KernelSpec) -> Vec<Configuration> {
    [Staged::DEFAULT, Staged::DIVIDED]
        .map(|geometry| configuration(spec, Geometry::Staged(geometry)))
        .to_vec()
}

/// GEMMs of cooperative matrices, where the description allows their class.
fn matrices(spec: &KernelSpec, geometries: Vec<Geometry>) -> Vec<Configuration> {
    let numeric = NumericClass::F16Multiply;
    let allowed = spec.numeric.allows(numeric);
    geometries
        .into_iter()
        .filter(|_| allowed)
        .map(|geometry| Configuration {
            numeric,
            ..configuration(spec, geometry)
        })
        .collect()
}

fn tiled(spec: &KernelSpec, wish: TileSpec) -> Vec<Configuration> {
    let mut tiles = vec![wish];
    let TileDefaults { m, n, rows, columns } = TileDefaults::of(wish);
    if (m / rows) * (n / columns) > BASELINE_INVOCATIONS {
        tiles.push(TileSpec::default());
    }

    let mut variants = Vec::new();
    for alignment in alignments(spec, wish) {
        for &tile in &tiles {
            let TileDefaults { m, n, rows, columns } = TileDefaults::of(tile);
            let tile_k = match alignment {
                KAlignment::Aligned => tile.k.unwrap_or_else(|| widest_step(spec)),
                KAlignment::Ragged => WEIGHTS_PER_WORD,
            };
            let gemm = Gemm {
                tile_m: m,
                tile_n: n,
                tile_k,
                rows,
                columns,
                alignment,
            };
            variants.push(configuration(spec, Geometry::Gemm(gemm)));
        }
    }
    variants
}

/// How rows of weights may lie: whole steps only, any, or unknown until run time, when both are generated.
fn alignments(spec: &KernelSpec, wish: TileSpec) -> Vec<KAlignment> {
    let step = wish.k.unwrap_or(WEIGHTS_PER_WORD);
    let known = [spec.k, spec.fixed_group_size()];
    let fits = known.iter().flatten().all(|value| value.is_multiple_of(step));
    let all_known = known.iter().all(Option::is_some);
    match (fits, all_known) {
        (true, true) => vec![KAlignment::Aligned],
        (true, false) => vec![KAlignment::Aligned, KAlignment::Ragged],
        (false, _) => vec![KAlignment::Ragged],
    }
}

/// The widest step that is sure to divide K and the group size.
fn widest_step(spec: &KernelSpec) -> u32 {
    let fits = |step: u32| {
        let divides =
            |value: Option<u32>| value.map_or(step == WEIGHTS_PER_WORD, |value| value.is_multiple_of(step));
        step <= Gemm::DEFAULT_TILE_K && divides(spec.k) && divides(spec.fixed_group_size())
    };
    Gemm::TILE_K
        .into_iter()
        .rev()
        .find(|step| fits(*step))
        .unwrap_or(WEIGHTS_PER_WORD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::{names, plan},
        spec::{Format, MatrixSpec, PanelMatrixSpec, StagedSpec},
    };

    #[test]
    fn a_tile_beyond_the_baseline_is_followed_by_one_that_runs_everywhere() {
        let tile = TileSpec {
            m: Some(128),
            n: Some(128),
            ..TileSpec::default()
        };
        let plan = plan(&KernelSpec::new("Up", Format::q4gsw(32)).k(2048).prefill(tile));
        assert_eq!(
            names(&plan.prefill),
            ["gemm_128x128x16_t4x4_g32_k2048", "gemm_64x64x16_t4x4_g32_k2048"]
        );
    }

    #[test]
    fn matrices_come_first_where_f16_is_allowed_and_are_left_out_elsewhere() {
        let spec = KernelSpec::new("Up", Format::q4gsw(32)).k(2048);
        let rounded = KernelSpec {
            numeric: NumericClass::F16Multiply,
            ..spec.clone()
        };
        assert_eq!(
            names(&plan(&rounded).prefill),
            [
                "matrix_128x128x64_s64x32_g32_m16_f16_k2048",
                "panel_matrix_128x256x32_g32_m16_f16_k2048",
                "panel_matrix_128x256x64_x16_g32_m16_f16_k2048",
                "panel_matrix_64x64x64_x16_t2_g32_m16_f16_k2048",
                "panel_matrix_32x64x64_x16_t4_g32_m16_f16_k2048",
                "panel_matrix_64x64x64_x16_wb_t2_g32_m16_f16_k2048",
                "panel_matrix_32x64x64_x16_wb_t4_g32_m16_f16_k2048",
                "matrix_64x64x32_s32x32_g32_m8_f16_k2048",
                "matrix_32x64x32_s16x32_g32_m8_f16_k2048",
                "staged_64x64x16_t8x8_g32_k2048",
                "staged_32x64x16_t4x8_t2_g32_k2048",
                "gemm_64x64x16_t4x4_g32_k2048",
            ]
        );
        assert!(
            plan(&spec)
                .prefill
                .iter()
                .all(|variant| variant.numeric == NumericClass::Exact)
        );
    }

    #[test]
    fn teams_of_a_staged_kernel_add_up_in_f32_whatever_is_allowed() {
        let spec = KernelSpec {
            numeric: NumericClass::F16Multiply,
            ..KernelSpec::new("Up", Format::q4gsw(32)).k(2048)
        };
        let wish = StagedSpec {
            teams: Some(2),
            ..StagedSpec::default()
        };
        assert_eq!(
            names(&plan(&spec.prefill(wish)).prefill)[..3],
            [
                "staged_64x64x16_t8x8_g32_f16_k2048",
                "staged_64x64x16_t8x8_t2_g32_k2048",
                "staged_64x64x16_t8x8_g32_k2048",
            ]
        );
    }

    #[test]
    fn operands_are_loaded_ahead_where_a_wish_says_so() {
        let wish = StagedSpec {
            ahead: Some(true),
            ..StagedSpec::default()
        };
        let spec = KernelSpec::new("Up", Format::q4gsw(32)).k(2048);
        assert_eq!(
            names(&plan(&spec.prefill(wish)).prefill)[..2],
            [
                "staged_64x64x16_t8x8_a_g32_k2048",
                "staged_64x64x16_t8x8_g32_k2048"
            ]
        );
    }

    #[test]
    fn panels_are_followed_by_what_runs_without_barriers_of_subgroups() {
        let spec = KernelSpec {
            numeric: NumericClass::F16Multiply,
            ..KernelSpec::new("Up", Format::q4gsw(32)).k(2048)
        };
        let wish = PanelMatrixSpec {
            k: Some(48),
            ..PanelMatrixSpec::default()
        };
        assert_eq!(
            names(&plan(&spec.clone().prefill(wish)).prefill)[..2],
            [
                "panel_matrix_128x256x48_g32_m16_f16_k2048",
                "matrix_128x128x64_s64x32_g32_m16_f16_k2048",
            ]
        );
        // They load 32 weights at once; others do not.
        assert!(
            !names(&plan(&spec.k(2056)).prefill)
                .iter()
                .any(|name| name.starts_with("panel"))
        );
    }

    #[test]
    fn a_wish_that_needs_more_than_the_baseline_is_followed_by_what_runs_everywhere() {
        let spec = KernelSpec {
            numeric: NumericClass::F16Multiply,
            ..KernelSpec::new("Up", Format::q4gsw(32)).k(2048)
        };
        let staged = StagedSpec {
            n: Some(128),
            ..StagedSpec::default()
        };
        assert_eq!(
            names(&plan(&spec.clone().prefill(staged)).prefill),
            [
                "staged_64x128x16_t8x8_g32_f16_k2048",
                "staged_64x64x16_t8x8_g32_f16_k2048",
                "staged_64x128x16_t8x8_g32_k2048",
                "staged_64x64x16_t8x8_g32_k2048",
                "gemm_64x64x16_t4x4_g32_k2048",
            ]
        );
        let matrix = MatrixSpec {
            n: Some(256),
            subgroup_n: Some(64),
            k: Some(32),
            ..MatrixSpec::default()
        };
        assert_eq!(
            names(&plan(&spec.prefill(matrix)).prefill),
            [
                "matrix_128x256x32_s64x64_g32_m16_f16_k2048",
                "staged_64x64x16_t8x8_g32_k2048",
                "staged_32x64x16_t4x8_t2_g32_k2048",
                "gemm_64x64x16_t4x4_g32_k2048",
            ]
        );
    }
}
