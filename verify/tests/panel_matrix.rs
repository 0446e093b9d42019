//! Panels of tiles that the catalogue has none of.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

use q4_kernel::{Configuration, Geometry, PanelBarrier, PanelMatrix, variant};
use q4_kernel_codegen::{generate_variant, render::Templates};
use q4_kernel_verify::{Options, verify};

#[test]
fn matrices_that_leave_by_turns_are_waited_for_at_barriers_of_the_workgroup_too() {
    let matrix = PanelMatrix {
        barrier: PanelBarrier::Workgroup,
        ..PanelMatrix::DEFAULT_ROUNDED
    };
    assert!(matrix.stored_at_once() < matrix.subgroups(), "they take turns");
    let configuration = Configuration {
        geometry: Geometry::PanelMatrix(matrix),
        ..variant("panel_matrix_128x256x64_x16_g32_m16_f16")
            .unwrap()
            .configuration
    };
    let variant = generate_variant(&Templates::embedded().unwrap(), &configuration).unwrap();
    let options = Options {
        subgroup_sizes: vec![32],
        quick: false,
    };
    let verdict = verify(&variant, &options);
    assert!(verdict.is_clean(), "{}: {verdict:?}", variant.name);
}
