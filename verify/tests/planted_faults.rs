//! The verifier finds what it is there to find: one fault planted in a kernel of ours breaks the promise it should.

#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

use std::borrow::Cow;

use q4_kernel::{Variant, variant};
use q4_kernel_verify::{Options, Promise, verify};

/// The variant with one piece of its text replaced.
fn planted(name: &str, good: &str, bad: &str) -> Variant {
    let variant = variant(name).unwrap();
    assert!(variant.wgsl.contains(good), "`{good}` is not in {name}");
    Variant {
        wgsl: Cow::Owned(variant.wgsl.replacen(good, bad, 1)),
        ..variant.clone()
    }
}

/// Asserts that a fault breaks a promise, whatever else it breaks.
fn breaks(promise: Promise, name: &str, good: &str, bad: &str) {
    let verdict = verify(
        &planted(name, good, bad),
        &Options {
            subgroup_sizes: vec![8, 32],
            quick: false,
        },
    );
    let found = &verdict.promises[&promise];
    assert!(
        !found.is_empty(),
        "{promise} is broken by `{bad}`: {:#?}",
        verdict.promises
    );
}

const GEMV: &str = "coop4_w64_c4_g32_shared";
const SUBGROUP_GEMV: &str = "coop4_w64_c4_g32_subgroup";
const GEMM: &str = "gemm_32x32x8_t4x4_g32";
const RAGGED: &str = "gemm_32x32x8_t4x4_g32_ragged";
const PANEL: &str = "panel_matrix_64x256x64_g32_m16_f16";
const TWO_PANELS: &str = "panel_matrix_64x128x64_p2_g32_m16_f16";
const STAGED_TEAMS: &str = "staged_32x32x32_t4x4_t4_g32";
const TEAMS: &str = "panel_matrix_32x64x64_x16_t4_g32_m16_f16";
const HELD: &str = "held_matrix_s8_h8_p264_g32_m16_f16";
const STAGED_SKINNY: &str = "skinny_r8_w128_c32x8_v2_s_g32_subgroup";
const ANY_GROUP: &str = "gemm_4x64x8_t1x2_gx_ragged";

#[test]
fn swapped_nibbles_break_the_layout() {
    breaks(
        Promise::SameWeightLayout,
        GEMV,
        "0u, 4u, 8u, 12u",
        "4u, 0u, 12u, 8u",
    );
    breaks(Promise::SameWeightLayout, GEMM, "- 8.0", "- 7.0");
}

#[test]
fn the_scale_of_a_neighbour_breaks_the_layout() {
    breaks(
        Promise::SameWeightLayout,
        GEMV,
        "let at = n * ((params.K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;",
        "let at = n * (params.K / GROUP_SIZE) + group;",
    );
    breaks(
        Promise::SameWeightLayout,
        RAGGED,
        "let group = k / GROUP_SIZE;",
        "let group = 0u;",
    );
}

#[test]
fn a_column_past_the_edge_breaks_the_bounds() {
    breaks(Promise::InBounds, GEMV, "min(n + 3u, params.N - 1u)", "(n + 3u)");
    breaks(Promise::InBounds, GEMM, "min(m + 3u, params.M - 1u)", "(m + 3u)");
    breaks(Promise::InBounds, GEMV, "word < words", "word <= words");
}

#[test]
fn a_word_past_the_buffer_breaks_the_bounds() {
    breaks(
        Promise::InBounds,
        RAGGED,
        "min(index + 1u, arrayLength(&weight) - 1u)",
        "(index + 1u)",
    );
    breaks(Promise::InBounds, ANY_GROUP, "min(k, params.K - 1u)", "k");
}

#[test]
fn the_last_group_taken_for_whole_breaks_the_bounds() {
    breaks(
        Promise::InBounds,
        GEMM,
        "min((group + 1u) * GROUP_SIZE, params.K)",
        "((group + 1u) * GROUP_SIZE)",
    );
}

#[test]
fn a_dummy_bias_that_is_read_breaks_the_bounds() {
    breaks(
        Promise::InBounds,
        GEMM,
        "if (params.has_bias != 0u)",
        "if (params.has_bias < 2u)",
    );
}

#[test]
fn partial_sums_that_only_some_lanes_write_are_not_initialised() {
    breaks(
        Promise::Initialised,
        GEMV,
        "partial_0[lane] = sum_0;",
        "if (lane < words) { partial_0[lane] = sum_0; }",
    );
    breaks(
        Promise::Initialised,
        SUBGROUP_GEMV,
        "for (var other = 1u; other < subgroups; other++)",
        "for (var other = 1u; other < PARTIALS; other++)",
    );
}

#[test]
fn a_missing_barrier_is_a_race() {
    breaks(
        Promise::RaceFree,
        GEMV,
        "workgroupBarrier();\n            if (lane < stride)",
        "if (lane < stride)",
    );
    let trailing =
        "// The next round must not overwrite sums that are still being read.\n        workgroupBarrier();";
    breaks(Promise::RaceFree, GEMV, trailing, "");
    breaks(Promise::RaceFree, SUBGROUP_GEMV, trailing, "");
}

#[test]
fn a_missing_barrier_around_a_panel_or_a_tile_of_inputs_is_a_race() {
    let loaded = "may go.\n        subgroupBarrier();";
    breaks(Promise::RaceFree, PANEL, loaded, "may go.");
    let first = "may go.\n    subgroupBarrier();";
    breaks(Promise::RaceFree, TWO_PANELS, first, "may go.");
    let written = "subgroupBarrier();\n        b_0_0 = ";
    breaks(Promise::RaceFree, TWO_PANELS, written, "b_0_0 = ");
    let of_tile = "multiplied this one.\n        workgroupBarrier();";
    let of_subgroups = "multiplied this one.\n        subgroupBarrier();";
    breaks(Promise::RaceFree, TWO_PANELS, of_tile, of_subgroups);
}

#[test]
fn panels_that_meet_inputs_past_the_end_of_k_are_a_wrong_sum() {
    let zeros = "select(vec4<f32>(), input[row + min(k, params.K - 4u) / 4u], k < params.K)";
    let repeated = "input[row + min(k, params.K - 4u) / 4u]";
    // Tiles of 48 k end elsewhere than K, which is a multiple of 128.
    breaks(
        Promise::NumericClass,
        "panel_matrix_128x256x48_g32_m16_f16",
        zeros,
        repeated,
    );
}

#[test]
fn staged_inputs_that_are_not_waited_for_are_a_race_and_those_past_the_end_of_k_a_wrong_sum() {
    breaks(
        Promise::RaceFree,
        STAGED_SKINNY,
        "workgroupBarrier();\n            if (first + LANES_K <= loads)",
        "if (first + LANES_K <= loads)",
    );
    breaks(
        Promise::NumericClass,
        STAGED_SKINNY,
        "return select(vec4<f32>(), value, ",
        "return select(value, value, ",
    );
}

#[test]
fn scales_that_lanes_keep_to_themselves_are_a_wrong_sum() {
    // Two lanes share two columns, of which each has loaded the scales of one: those of a span, or that of a stretch.
    let swapped = "let other = subgroupShuffleXor(select(loaded.y, loaded.x, part == 1u), 1u);";
    let kept = "let other = select(loaded.y, loaded.x, part == 1u);";
    for tile in ["128x128x64_x16_g32", "128x256x64_x16_g64"] {
        let variant = format!("panel_matrix_{tile}_m16_f16");
        breaks(Promise::NumericClass, &variant, swapped, kept);
    }
}

#[test]
fn held_matrices_that_are_not_waited_for_are_a_race() {
    let sums = "the block before.\n            workgroupBarrier();";
    breaks(Promise::RaceFree, HELD, sums, "the block before.");
    let tile = "subgroupBarrier();\n            sum = coopMultiplyAdd(a_0";
    breaks(Promise::RaceFree, HELD, tile, "sum = coopMultiplyAdd(a_0");
}

#[test]
fn held_matrices_of_other_inputs_are_a_wrong_sum() {
    let unswapped = "swap_quads(&x_0_0, &x_0_1, lane, 1u);";
    breaks(Promise::NumericClass, HELD, unswapped, "");
    let upper_rows = "params.M > SIDE / 2u";
    breaks(Promise::NumericClass, HELD, upper_rows, "params.M > SIDE");
    let past_the_end = "select(0u, params.M, share < params.K)";
    breaks(Promise::InBounds, HELD, past_the_end, "params.M");
}

#[test]
fn matrices_that_leave_by_the_same_memory_out_of_turn_are_a_race_or_those_of_others() {
    // There is room for four matrices of eight subgroups.
    let name = "panel_matrix_128x256x64_x16_g32_m16_f16";
    for store in ["store_matrix", "store_edge"] {
        let turn = |condition| {
            format!(
                "{condition} {{
            let sums_0_0 = sum_0_0;
            coopStoreT(sums_0_0, outputs, SIDE);
            subgroupBarrier();
            {store}("
            )
        };
        let second = turn("if (subgroup / STORED_AT_ONCE == 1u)");
        let waits = format!("workgroupBarrier();\n        {second}");
        breaks(Promise::RaceFree, name, &waits, &second);
        let first = turn("if (subgroup / STORED_AT_ONCE == 0u)");
        let others = turn("if (subgroup % STORED_AT_ONCE == 0u)");
        breaks(Promise::NumericClass, name, &first, &others);
    }
}

#[test]
fn teams_that_do_not_wait_for_each_other_are_a_race_and_sums_of_some_are_wrong() {
    let sums = "coopStoreT(sums_0_1_0, matrices, SIDE);\n    }\n";
    let waited = format!("{sums}    workgroupBarrier();\n");
    breaks(Promise::RaceFree, TEAMS, &waited, sums);
    let matrices = "workgroupBarrier();\n    let sums_0_1_0 = ";
    breaks(Promise::RaceFree, TEAMS, matrices, "let sums_0_1_0 = ");
    let last_team = " + output_tile[at + 3u * SUMS]";
    breaks(Promise::NumericClass, TEAMS, last_team, "");
    let once = "select(0.0, load_bias(min(tile_n + subgroup_n + lane, params.N - 1u)), team == 0u)";
    let by_all = "load_bias(min(tile_n + subgroup_n + lane, params.N - 1u))";
    breaks(Promise::NumericClass, TEAMS, once, by_all);
}

#[test]
fn teams_that_begin_elsewhere_than_the_one_before_ends_are_a_wrong_sum() {
    let share = "let share = (params.K + 511u) / 512u * 128u;";
    let shorter = "let share = params.K / 512u * 128u;";
    breaks(Promise::NumericClass, TEAMS, share, shorter);
    let inputs = "let x_k_0 = x_team_0 * share + ";
    let of_first = "let x_k_0 = ";
    breaks(Promise::NumericClass, TEAMS, inputs, of_first);
}

#[test]
fn staged_teams_that_do_not_wait_or_leave_out_steps_are_a_race_or_a_wrong_sum() {
    let written = "sum_3_0;\n    workgroupBarrier();";
    breaks(Promise::RaceFree, STAGED_TEAMS, written, "sum_3_0;");
    let multiplied = "workgroupBarrier();\n    w_tile[(team";
    breaks(Promise::RaceFree, STAGED_TEAMS, multiplied, "w_tile[(team");
    let last_team = " + w_tile[(3u * TEAMS + team) * TEAM + thread]";
    breaks(Promise::NumericClass, STAGED_TEAMS, last_team, "");
    let next = "let next_k = k + TEAMS * TILE_K;";
    breaks(
        Promise::NumericClass,
        STAGED_TEAMS,
        next,
        "let next_k = k + TILE_K;",
    );
    let past_the_end = "load_word(w_0 + first_k / WEIGHTS_PER_WORD, first_k + w_k_0 < params.K)";
    let unguarded = "load_word(w_0 + first_k / WEIGHTS_PER_WORD, true)";
    breaks(Promise::InBounds, STAGED_TEAMS, past_the_end, unguarded);
}

#[test]
fn subgroups_of_one_size_only_are_a_race_or_a_wrong_sum() {
    let assumed = ("if (subgroup_lane == 0u)", "if (lane % 32u == 0u)");
    breaks(Promise::NumericClass, SUBGROUP_GEMV, assumed.0, assumed.1);
    breaks(
        Promise::NumericClass,
        SUBGROUP_GEMV,
        "other < subgroups",
        "other < WIDTH / 32u",
    );
}

#[test]
fn a_barrier_that_some_lanes_skip_is_not_uniform() {
    breaks(
        Promise::UniformBarriers,
        GEMV,
        "workgroupBarrier();\n            if (lane < stride) {",
        "if (lane < stride) {\n            workgroupBarrier();",
    );
    breaks(
        Promise::UniformBarriers,
        SUBGROUP_GEMV,
        "let words =",
        "if (lane >= params.K) { return; }\n    let words =",
    );
}

#[test]
fn a_group_size_of_zero_words_divides_by_zero() {
    breaks(
        Promise::DefinedArithmetic,
        "coop4_w64_c4_gx_shared",
        "params.group_size / WEIGHTS_PER_WORD",
        "params.group_size / (8u * WEIGHTS_PER_WORD)",
    );
    breaks(
        Promise::DefinedArithmetic,
        RAGGED,
        "if (shift == 0u)",
        "if (shift == 1u)",
    );
}

#[test]
fn outputs_that_are_missed_doubled_or_misplaced_are_not_written_once() {
    breaks(
        Promise::OutputsWrittenOnce,
        GEMV,
        "n += workgroups.x * COLUMNS",
        "n += COLUMNS",
    );
    breaks(
        Promise::OutputsWrittenOnce,
        GEMV,
        "if (n + 3u < params.N)",
        "if (n + 4u < params.N)",
    );
    breaks(
        Promise::OutputsWrittenOnce,
        GEMM,
        "workgroup.y * workgroups.x + workgroup.x",
        "workgroup.x",
    );
    breaks(Promise::OutputsWrittenOnce, GEMM, "params.output_offset + m", "m");
    breaks(
        Promise::OutputsWrittenOnce,
        GEMM,
        "m * params.output_stride",
        "m * params.N",
    );
    breaks(
        Promise::OutputsWrittenOnce,
        GEMM,
        "if (m >= params.M || n >= params.N)",
        "if (m >= params.M)",
    );
}

#[test]
fn a_loop_without_end_is_found() {
    breaks(Promise::DispatchAgrees, GEMV, "word += WIDTH", "word += 0u");
}

#[test]
fn sums_that_lack_a_part_break_the_numeric_class() {
    breaks(Promise::NumericClass, GEMV, "word += WIDTH", "word += 2u * WIDTH");
    breaks(
        Promise::NumericClass,
        GEMM,
        "let x_0 = (params.input_offset +",
        "let x_0 = (0u +",
    );
    breaks(
        Promise::NumericClass,
        RAGGED,
        "if (k >= params.K)",
        "if (k >= params.K + 1u)",
    );
}

#[test]
fn a_text_is_linted_as_it_is_whoever_wrote_it() {
    let broken = |variant: &Variant| -> Vec<Promise> {
        let options = Options {
            subgroup_sizes: vec![8],
            quick: true,
        };
        let promises = verify(variant, &options).promises.into_iter();
        promises
            .filter(|(_, found)| !found.is_empty())
            .map(|(promise, _)| promise)
            .collect()
    };
    let by_hand = planted(GEMV, "// Lanes per workgroup.", "// Lanes.");
    assert_eq!(broken(&by_hand), []);
    // Nothing reads the field, so that no launch shows the mistake.
    let misplaced = planted(GEMV, "padded_N: u32", "N_padded: u32");
    assert_eq!(broken(&misplaced), [Promise::UniformBarriers]);
    let understated = Variant {
        workgroup_bytes: by_hand.workgroup_bytes - 1,
        ..by_hand
    };
    assert_eq!(broken(&understated), [Promise::InBounds]);
}
