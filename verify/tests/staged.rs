//! Staged kernels that load operands ahead, of inputs and weights that the catalogue has not beside that.

#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

use q4_kernel::{Configuration, Geometry, Staged, variant};
use q4_kernel_codegen::{generate_variant, render::Templates};
use q4_kernel_verify::{Options, verify};

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
            keeps_every_promise(staged, plain);
        }
    }
    let rounded = variant("staged_64x64x16_t8x8_g32_f16").unwrap().configuration;
    keeps_every_promise(Staged::DEFAULT, rounded);
}

fn keeps_every_promise(staged: Staged, plain: Configuration) {
    let configuration = Configuration {
        geometry: Geometry::Staged(Staged {
            ahead: true,
            ..staged
        }),
        ..plain
    };
    let variant = generate_variant(&Templates::embedded().unwrap(), &configuration).unwrap();
    let options = Options {
        subgroup_sizes: vec![32],
        quick: true,
    };
    let verdict = verify(&variant, &options);
    assert!(verdict.is_clean(), "{}: {verdict:?}", variant.name);
}
