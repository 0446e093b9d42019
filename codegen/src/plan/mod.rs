//! Description -> the variants of each route, in order of preference.

mod catalogue;
mod decode;
mod few;
mod prefill;

use q4_kernel_types::{
    Bias, Configuration, Encoding, Geometry, GroupSize, NumericClass, Reduction, ScaleLayout, load,
};

pub use catalogue::catalogue;
pub(crate) use prefill::TileDefaults;

use crate::spec::KernelSpec;

/// The variants of each route. The runtime takes the first one that the device can run and that serves the shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// For M == 1. Empty where no GEMV serves the layer.
    pub decode: Vec<Configuration>,
    /// For a few rows, those for the fewest first. Empty where no such kernel serves the layer.
    pub few: Vec<Configuration>,
    /// For every M. Never empty, and together they serve every shape of the layer on every WebGPU device.
    pub prefill: Vec<Configuration>,
}

/// Plans the variants of a description that [`KernelSpec::check`] accepted.
#[must_use]
pub fn plan(spec: &KernelSpec) -> Plan {
    Plan {
        decode: decode::decode(spec),
        few: few::few(spec),
        prefill: prefill::prefill(spec),
    }
}

/// Whether K may be whole loads of 16 bytes, and the group size one that such loads serve, as far as they are known.
fn may_be_loads(spec: &KernelSpec) -> bool {
    spec.k.is_none_or(|k| k.is_multiple_of(load::WEIGHTS)) && groups_may_fit_loads(spec)
}

/// The same of the group size alone.
fn groups_may_fit_loads(spec: &KernelSpec) -> bool {
    spec.fixed_group_size().is_none_or(load::fits)
}

fn reductions(wish: Option<Reduction>) -> &'static [Reduction] {
    match wish {
        Some(Reduction::Shared) => &[Reduction::Shared],
        // Where the device has no subgroups, the same kernel with the other reduction is the next best.
        Some(Reduction::Subgroup) | None => &[Reduction::Subgroup, Reduction::Shared],
    }
}

fn configuration(spec: &KernelSpec, geometry: Geometry) -> Configuration {
    Configuration {
        geometry,
        group_size: spec.group_size(),
        k: spec.k,
        bias: spec.bias,
        // Every class allows it; who multiplies otherwise says so.
        numeric: NumericClass::Exact,
        encoding: spec.encoding(),
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
        encoding: Encoding::default(),
        scales: ScaleLayout::default(),
    }
}

#[cfg(test)]
fn names(variants: &[Configuration]) -> Vec<String> {
    variants.iter().map(Configuration::name).collect()
}

#[cfg(test)]
mod tests {
    use q4_kernel_types::WeightFormat;

    use super::*;
    use crate::spec::{Coop4Spec, Format, GemvSpec, HeldMatrixSpec, SkinnySpec, StreamOfRowsSpec};

    #[test]
    fn a_layer_that_is_known_gets_no_fallback_for_other_shapes() {
        let plan = plan(&KernelSpec::new("Up", Format::q4gsw(32)).k(2048).n(8192));
        assert_eq!(
            names(&plan.decode),
            [
                "stream_w256_c4_g32_subgroup_k2048",
                "stream_w256_c4_g32_shared_k2048",
                "gemv_w128_c8_g32_shared_k2048"
            ]
        );
        assert_eq!(
            names(&plan.prefill),
            [
                "staged_64x64x16_t8x8_g32_k2048",
                "staged_32x64x16_t4x8_t2_g32_k2048",
                "gemm_64x64x16_t4x4_g32_k2048"
            ]
        );
    }

    #[test]
    fn a_layer_of_run_time_shape_is_served_whatever_its_shape() {
        let plan = plan(&KernelSpec::new(
            "Any",
            Format::new(WeightFormat::default(), GroupSize::Runtime),
        ));
        assert_eq!(
            names(&plan.decode),
            [
                "stream_w256_c4_s128_gx_subgroup",
                "stream_w256_c4_s128_gx_shared",
                "gemv_w128_c8_gx_shared",
                "coop4_w64_c4_gx_subgroup",
                "coop4_w64_c4_gx_shared"
            ]
        );
        assert_eq!(
            names(&plan.prefill),
            [
                "staged_64x64x16_t8x8_gx",
                "staged_32x64x16_t4x8_t2_gx",
                "gemm_64x64x8_t4x4_gx",
                "gemm_64x64x8_t4x4_gx_ragged"
            ]
        );
    }

    #[test]
    fn a_few_rows_go_to_the_kernel_for_the_fewest_that_are_enough() {
        let spec = KernelSpec::new("Up", Format::q4gsw(32)).k(2048).few(SkinnySpec {
            columns: Some(64),
            reduction: Some(Reduction::Shared),
            ..SkinnySpec::default()
        });
        assert_eq!(
            names(&plan(&spec).few),
            [
                "skinny_r2_w128_c64x8_v4_g32_shared_k2048",
                "skinny_r4_w128_c64x8_v4_g32_shared_k2048",
                "skinny_r8_w128_c64x8_v2_s_g32_shared_k2048",
                "skinny_r16_w128_c64x4_v2_s_g32_shared_k2048",
            ]
        );
    }

    #[test]
    fn a_few_rows_go_to_streaming_kernels_up_to_as_many_as_these_hold() {
        let of = |k| names(&plan(&KernelSpec::new("Up", Format::q4gsw(32)).k(k)).few);
        assert_eq!(
            of(4096),
            [
                "stream_r2_w512_c4_p132_g32_subgroup_k4096",
                "stream_r2_w512_c4_p132_g32_shared_k4096",
                "skinny_r2_w128_c32x8_v4_g32_shared_k4096",
                "stream_r4_w512_c4_s64_p132_g32_subgroup_k4096",
                "stream_r4_w512_c4_s64_p132_g32_shared_k4096",
                "skinny_r4_w128_c32x8_v4_g32_shared_k4096",
                "skinny_r8_w128_c32x8_v2_s_g32_subgroup_k4096",
                "skinny_r8_w128_c32x8_v2_s_g32_shared_k4096",
                "skinny_r16_w128_c32x4_v2_s_g32_subgroup_k4096",
                "skinny_r16_w128_c32x4_v2_s_g32_shared_k4096",
            ]
        );
        let wish = StreamOfRowsSpec {
            columns: Some(2),
            workgroups: Some(60),
            reduction: Some(Reduction::Shared),
            ..StreamOfRowsSpec::default()
        };
        let asked = plan(&KernelSpec::new("Up", Format::q4gsw(32)).few(wish)).few;
        assert_eq!(
            names(&asked)[..3],
            [
                "stream_r2_w512_c2_s128_p60_g32_shared",
                "skinny_r2_w128_c32x8_v4_g32_shared",
                "stream_r4_w512_c2_s64_p60_g32_shared",
            ]
        );
    }

    #[test]
    fn a_few_rows_are_multiplied_by_matrices_where_rounding_is_allowed() {
        let rounding = |k| {
            plan(&KernelSpec {
                numeric: NumericClass::F16Multiply,
                ..KernelSpec::new("Up", Format::q4gsw(32)).k(k)
            })
        };
        // They take as long for fewer rows, which have kernels of their own. Where the device has no matrices, all are multiplied in f32.
        let few = rounding(2048).few;
        let rounded: Vec<_> = few
            .iter()
            .enumerate()
            .filter(|(_, variant)| variant.numeric != NumericClass::Exact)
            .map(|(place, variant)| (few.len() - place, variant.name()))
            .collect();
        assert_eq!(
            rounded,
            [
                (9, "held_matrix_s8_h16_p264_g32_m16_f16_k2048".to_owned()),
                (3, "skinny_matrix_16x32x128_s4_a2_g32_m16_f16_k2048".to_owned())
            ]
        );
        assert!(
            rounding(2056)
                .few
                .iter()
                .all(|variant| variant.numeric == NumericClass::Exact)
        );
    }

    #[test]
    fn as_few_subgroups_hold_k_as_need_no_more_passes() {
        let of = |k| {
            let spec = KernelSpec {
                numeric: NumericClass::F16Multiply,
                ..KernelSpec::new("Up", Format::q4gsw(64))
                    .k(k)
                    .few(HeldMatrixSpec::default())
            };
            names(&plan(&spec).few)[0].clone()
        };
        for (k, sizes) in [
            (1024, "s8_h16_p264"),
            (3072, "s12_h16"),
            (3584, "s14_h16"),
            (4096, "s16_h16"),
            (8192, "s16_h16"),
            (14336, "s14_h16"),
        ] {
            assert_eq!(of(k), format!("held_matrix_{sizes}_g64_m16_f16_k{k}"));
        }
    }

    #[test]
    fn held_matrices_that_are_asked_for_are_followed_by_what_runs_without_them() {
        let spec = KernelSpec {
            numeric: NumericClass::F16Multiply,
            ..KernelSpec::new("Up", Format::q4gsw(32)).few(HeldMatrixSpec {
                held: Some(8),
                workgroups: Some(64),
                ..HeldMatrixSpec::default()
            })
        };
        let few = names(&plan(&spec).few);
        assert_eq!(few[0], "held_matrix_s16_h8_p64_g32_m16_f16");
        let without = names(&plan(&KernelSpec::new("Up", Format::q4gsw(32))).few);
        assert_eq!(few[1..], without);
    }

    #[test]
    fn a_few_rows_are_multiplied_in_fewer_words_where_long_loads_do_not_fit() {
        let of = |group_size, k| plan(&KernelSpec::new("Up", Format::q4gsw(group_size)).k(k)).few;
        assert_eq!(of(32, 2048)[2].name(), "skinny_r2_w128_c32x8_v4_g32_shared_k2048");
        assert_eq!(of(16, 2048)[2].name(), "skinny_r2_w128_c32x8_v2_g16_shared_k2048");
        assert_eq!(of(32, 2056)[1].name(), "skinny_r2_w128_c32x8_g32_shared_k2056");
        assert_eq!(of(32, 2050), []);
    }

    #[test]
    fn an_input_that_is_sure_to_be_held_is_not_sliced() {
        let of = |k| {
            let spec = KernelSpec::new("Up", Format::q4gsw(32)).k(k);
            names(&plan(&spec).decode)[0].clone()
        };
        assert_eq!(of(4096), "stream_w256_c4_g32_subgroup_k4096");
        assert_eq!(of(4128), "stream_w256_c4_s128_g32_subgroup_k4128");
    }

    #[test]
    fn groups_that_split_a_load_go_to_the_kernels_of_others() {
        let of = |group_size| plan(&KernelSpec::new("Up", Format::q4gsw(group_size)).k(2048));
        let (short, whole) = (of(16), of(32));
        let renamed = |variants: &[Configuration]| -> Vec<String> {
            let names = names(variants).into_iter();
            names.map(|name| name.replace("_g32", "_g16")).collect()
        };
        assert_eq!(names(&short.decode), renamed(&whole.decode));
        assert_eq!(
            names(&short.few)[..3],
            [
                "stream_r2_w512_c4_p132_g16_subgroup_k2048",
                "stream_r2_w512_c4_p132_g16_shared_k2048",
                "skinny_r2_w128_c32x8_v2_g16_shared_k2048",
            ]
        );
        // Half of the other half is no group of a load.
        assert_eq!(
            names(&of(8).decode),
            ["coop4_w64_c4_g8_subgroup_k2048", "coop4_w64_c4_g8_shared_k2048"]
        );
    }

    #[test]
    fn a_gemv_that_keeps_its_input_is_followed_by_one_for_a_larger_k() {
        let wish = GemvSpec {
            resident: Some(1),
            reduction: Some(Reduction::Shared),
            ..GemvSpec::default()
        };
        let any_k = KernelSpec::new("Up", Format::q4gsw(32)).decode(wish);
        assert_eq!(
            names(&plan(&any_k).decode),
            [
                "gemv_w128_c8_r1_g32_shared",
                "gemv_w128_c8_g32_shared",
                "coop4_w64_c4_g32_shared"
            ]
        );
        assert_eq!(
            names(&plan(&any_k.k(4096)).decode),
            ["gemv_w128_c8_r1_g32_shared_k4096"]
        );
    }

    #[test]
    fn eight_bit_inputs_come_first_where_they_are_allowed() {
        let spec = KernelSpec {
            numeric: NumericClass::Int8Activations,
            ..KernelSpec::new("Up", Format::q4gsw(32)).k(2048)
        };
        assert_eq!(
            names(&plan(&spec).decode),
            [
                "gemv_w128_c8_g32_subgroup_int8_k2048",
                "gemv_w128_c8_g32_shared_int8_k2048",
                "stream_w256_c4_g32_subgroup_k2048",
                "stream_w256_c4_g32_shared_k2048",
                "gemv_w128_c8_g32_shared_k2048"
            ]
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
}
