//! Panels of tiles that the catalogue has none of.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel::{Configuration, Geometry, InputFormat, PanelBarrier, PanelMatrix, variant};

use support::keeps_every_promise;

#[test]
fn matrices_that_leave_by_turns_are_waited_for_at_barriers_of_the_workgroup_too() {
    let matrix = PanelMatrix {
        barrier: PanelBarrier::Workgroup,
        ..PanelMatrix::DEFAULT_ROUNDED
    };
    assert!(matrix.stored_at_once() < matrix.subgroups(), "they take turns");
    is_verified(matrix);
}

#[test]
fn subgroups_may_share_inputs_and_turns_unevenly() {
    for (tile_m, tile_n, tile_k, inputs, barrier) in [
        (128, 224, 64, InputFormat::F16, PanelBarrier::Workgroup),
        (128, 192, 64, InputFormat::F16, PanelBarrier::Subgroup),
        (96, 160, 48, InputFormat::F32, PanelBarrier::Subgroup),
        (16, 96, 32, InputFormat::F16, PanelBarrier::Workgroup),
    ] {
        let matrix = PanelMatrix {
            tile_m,
            tile_n,
            tile_k,
            inputs,
            barrier,
            ..PanelMatrix::DEFAULT
        };
        assert_ne!(matrix.input_loads() % matrix.threads(), 0, "{matrix}");
        is_verified(matrix);
    }
    let uneven = PanelMatrix {
        tile_n: 224,
        ..PanelMatrix::DEFAULT_ROUNDED
    };
    assert_ne!(
        uneven.subgroups() % uneven.stored_at_once(),
        0,
        "the last turn is of fewer"
    );
}

#[test]
fn teams_divide_k_whatever_a_tile_of_inputs_holds_and_however_they_are_read() {
    for tile_k in PanelMatrix::TILE_K {
        for inputs in InputFormat::ALL {
            is_verified(PanelMatrix {
                tile_k,
                inputs,
                ..PanelMatrix::DIVIDED[0]
            });
        }
    }
}

#[test]
fn matrices_of_teams_meet_by_turns_where_there_is_not_room_for_all() {
    let matrix = PanelMatrix {
        tile_m: 128,
        tile_n: 128,
        tile_k: 32,
        ..PanelMatrix::DIVIDED[0]
    };
    assert!(matrix.stored_at_once() < matrix.subgroups(), "they take turns");
    for panels in PanelMatrix::PANELS {
        is_verified(PanelMatrix {
            panels,
            barrier: PanelBarrier::Workgroup,
            tile_m: matrix.tile_m / panels,
            ..matrix
        });
    }
}

fn is_verified(matrix: PanelMatrix) {
    let configuration = Configuration {
        geometry: Geometry::PanelMatrix(matrix),
        ..variant("panel_matrix_128x256x64_x16_g32_m16_f16")
            .unwrap()
            .configuration
    };
    keeps_every_promise(&configuration, false);
}
