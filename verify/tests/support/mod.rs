//! Variants that the catalogue has not, verified.

use std::sync::LazyLock;

use q4_kernel::Configuration;
use q4_kernel_codegen::{generate_variant, render::Templates};
use q4_kernel_verify::{Options, verify};

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::embedded().unwrap());

/// Asserts that the verifier finds nothing, at a first look or in all shapes, with subgroups of 32 lanes.
pub(crate) fn keeps_every_promise(configuration: &Configuration, quick: bool) {
    let variant = generate_variant(&TEMPLATES, configuration).unwrap();
    let options = Options {
        subgroup_sizes: vec![32],
        quick,
    };
    let verdict = verify(&variant, &options);
    assert!(verdict.is_clean(), "{configuration}: {verdict:?}");
}
