//! Skinny variants that the catalogue has not: whose rows do not divide the K that the weights are probed with, and that stage inputs in every way there is.

#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel::{Configuration, Geometry, Reduction, Skinny, variant};

use support::keeps_every_promise;

#[test]
fn a_kernel_of_more_rows_than_are_left_of_k_is_probed_to_the_end() {
    let plain = variant("skinny_r16_w256_c32x4_v2_g32_subgroup")
        .unwrap()
        .configuration;
    let Geometry::Skinny(skinny) = plain.geometry else {
        panic!("{plain}");
    };
    // Words of 8: the probed K is 40, and 16 rows leave 8 for the last pass.
    let single_words = Configuration {
        geometry: Geometry::Skinny(Skinny { words: 1, ..skinny }),
        ..plain
    };
    keeps_every_promise(&single_words, true);
}

#[test]
fn inputs_are_staged_by_every_geometry() {
    let plain = variant("skinny_r8_w128_c32x8_v2_s_g32_subgroup")
        .unwrap()
        .configuration;
    // Fewer vectors than lanes; rows of more vectors than lanes; few lanes over K, whose turns are as many.
    for (rows, width, columns, lane_columns, words) in [
        (2, 128, 64, 4, 1),
        (4, 64, 8, 8, 2),
        (16, 64, 64, 4, 4),
        (16, 64, 64, 8, 1),
    ] {
        let skinny = Skinny {
            rows,
            width,
            columns,
            lane_columns,
            words,
            staged: true,
            reduction: Reduction::Shared,
        };
        assert!(skinny.tile_fits(), "{skinny}");
        keeps_every_promise(
            &Configuration {
                geometry: Geometry::Skinny(skinny),
                ..plain
            },
            true,
        );
    }
}
