//! Description -> the variants of each route, in order of preference.

mod catalogue;

use q4_kernel_types::{
    Bias, Configuration, Coop4, Gemm, Geometry, GroupSize, KAlignment, NumericClass, Reduction, ScaleLayout,
    layout::WEIGHTS_PER_WORD,
};

pub use catalogue::catalogue;

use crate::spec::{Coop4Spec, KernelSpec, TileSpec};

/// The invocations per workgroup that every WebGPU device offers.
const BASELINE_INVOCATIONS: u32 = 256;

/// The variants of each route. The runtime takes the first one that the device can run and that serves the shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// For M == 1. Empty where no GEMV serves the layer.
    pub decode: Vec<Configuration>,
    /// For a few rows.
    pub few: Vec<Configuration>,
    /// For every M. Never empty, and together they serve every shape of the layer on every WebGPU device.
    pub prefill: Vec<Configuration>,
}

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

/// Plans the variants of a description that [`KernelSpec::check`] accepted.
#[must_use]
pub fn plan(spec: &KernelSpec) -> Plan {
    Plan {
        decode: decode(spec),
        few: Vec::new(),
        prefill: prefill(spec),
    }
}

fn decode(spec: &KernelSpec) -> Vec<Configuration> {
    let whole_words = [spec.k, spec.fixed_group_size()]
        .into_iter()
        .flatten()
        .all(|v| v.is_multiple_of(WEIGHTS_PER_WORD));
    if !whole_words {
        return Vec::new();
    }
    let wish = spec.decode.unwrap_or_default();
    let reductions: &[Reduction] = match wish.reduction {
        Some(Reduction::Shared) => &[Reduction::Shared],
        // Where the device has no subgroups, the same kernel with the other reduction is the next best.
        Some(Reduction::Subgroup) | None => &[Reduction::Subgroup, Reduction::Shared],
    };
    let mut variants = Vec::new();
    for &reduction in reductions {
        for words in loads(spec, wish) {
            let coop4 = Coop4 {
                width: wish.width.unwrap_or(Coop4::DEFAULT_WIDTH),
                columns: wish.columns.unwrap_or(Coop4::DEFAULT_COLUMNS),
                words,
                reduction,
            };
            variants.push(configuration(spec, Geometry::Coop4(coop4)));
        }
    }
    variants
}

/// The words that a lane loads at once. Where it is not known yet whether a long load fits, single words follow it.
fn loads(spec: &KernelSpec, wish: Coop4Spec) -> Vec<u32> {
    let all_known = spec.k.is_some() && spec.fixed_group_size().is_some();
    match wish.words.unwrap_or(Coop4::DEFAULT_WORDS) {
        Coop4::DEFAULT_WORDS => vec![Coop4::DEFAULT_WORDS],
        words if all_known => vec![words],
        words => vec![words, Coop4::DEFAULT_WORDS],
    }
}

fn prefill(spec: &KernelSpec) -> Vec<Configuration> {
    let wish = spec.prefill.unwrap_or_default();
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

fn configuration(spec: &KernelSpec, geometry: Geometry) -> Configuration {
    Configuration {
        geometry,
        group_size: spec.group_size(),
        k: spec.k,
        bias: spec.bias,
        // The kernels planned so far multiply in f32, which every class allows.
        numeric: NumericClass::Exact,
        scales: spec.scales,
    }
}

/// A variant as the catalogue has it: everything that can come at run time does, except the group size.
fn standard(geometry: Geometry, group_size: GroupSize) -> Configuration {
    Configuration {
        geometry,
        group_size,
        k: None,
        bias: Bias::Optional,
        numeric: NumericClass::Exact,
        scales: ScaleLayout::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Format;

    fn names(variants: &[Configuration]) -> Vec<String> {
        variants.iter().map(Configuration::name).collect()
    }

    #[test]
    fn a_layer_that_is_known_gets_no_fallback_for_other_shapes() {
        let plan = plan(&KernelSpec::new("Up", Format::q4gsw(32)).k(2048).n(8192));
        assert_eq!(
            names(&plan.decode),
            ["coop4_w64_c4_g32_subgroup_k2048", "coop4_w64_c4_g32_shared_k2048"]
        );
        assert_eq!(names(&plan.prefill), ["gemm_64x64x16_t4x4_g32_k2048"]);
    }

    #[test]
    fn a_layer_of_run_time_shape_is_served_whatever_its_shape() {
        let plan = plan(&KernelSpec::new(
            "Any",
            Format::Q4gsw {
                group_size: GroupSize::Runtime,
            },
        ));
        assert_eq!(
            names(&plan.decode),
            ["coop4_w64_c4_gx_subgroup", "coop4_w64_c4_gx_shared"]
        );
        assert_eq!(
            names(&plan.prefill),
            ["gemm_64x64x8_t4x4_gx", "gemm_64x64x8_t4x4_gx_ragged"]
        );
    }

    #[test]
    fn long_loads_are_followed_by_single_words_where_the_shape_may_not_fit_them() {
        let wish = Coop4Spec {
            words: Some(4),
            reduction: Some(Reduction::Shared),
            ..Coop4Spec::default()
        };
        let any_k = KernelSpec::new("Up", Format::q4gsw(32)).decode(wish);
        assert_eq!(
            names(&plan(&any_k).decode),
            ["coop4_w64_c4_v4_g32_shared", "coop4_w64_c4_g32_shared"]
        );
        assert_eq!(
            names(&plan(&any_k.k(2048)).decode),
            ["coop4_w64_c4_v4_g32_shared_k2048"]
        );
    }

    #[test]
    fn a_layer_without_whole_words_has_no_decode_kernel() {
        for (group_size, k) in [(32, 2050), (20, 2048)] {
            let plan = plan(&KernelSpec::new("Odd", Format::q4gsw(group_size)).k(k));
            assert_eq!(plan.decode, []);
            assert_eq!(
                names(&plan.prefill),
                [format!("gemm_64x64x8_t4x4_g{group_size}_ragged_k{k}")]
            );
        }
    }

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
}
