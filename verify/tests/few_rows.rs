//! Variants whose rows do not divide the K that the weights are probed with.

use q4_kernel::{Configuration, Geometry, Skinny, variant};
use q4_kernel_codegen::{generate_variant, render::Templates};
use q4_kernel_verify::{Options, verify};

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
    let variant = generate_variant(&Templates::embedded().unwrap(), &single_words).unwrap();
    let options = Options {
        subgroup_sizes: vec![32],
        quick: true,
    };
    let verdict = verify(&variant, &options);
    assert!(verdict.is_clean(), "{verdict:?}");
}
