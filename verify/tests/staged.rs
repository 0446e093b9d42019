//! Staged kernels that load operands ahead, of inputs and weights that the catalogue has not beside that.

#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel::{Configuration, Geometry, Staged, variant};

use support::keeps_every_promise;

#[test]
fn operands_are_loaded_ahead_of_any_weights_in_either_class_and_by_teams() {
    let sizes = [
        Staged::DEFAULT,
        Staged::DIVIDED,
        Staged {
            tile_m: 128,
            rows: 16,
            tile_k: 32,
            ..Staged::DEFAULT
        },
    ];
    for name in [
        "staged_64x64x16_t8x8_gx",
        "staged_64x64x16_t8x8_g128_zp_sf16",
        "staged_64x64x16_t8x8_g16_lut_se4m3",
    ] {
        let plain = variant(name).unwrap().configuration;
        for staged in sizes {
            is_verified(staged, plain);
        }
    }
    let rounded = variant("staged_64x64x16_t8x8_g32_f16").unwrap().configuration;
    is_verified(Staged::DEFAULT, rounded);
}

fn is_verified(staged: Staged, plain: Configuration) {
    let configuration = Configuration {
        geometry: Geometry::Staged(Staged {
            ahead: true,
            ..staged
        }),
        ..plain
    };
    keeps_every_promise(&configuration, true);
}
