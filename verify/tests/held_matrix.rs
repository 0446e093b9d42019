//! Held matrices of weights and shapes that the catalogue has none of.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel::{
    Bias, Configuration, Encoding, Geometry, GroupSize, HeldMatrix, ScaleFormat, ScaleLayout, ScaleOrder,
    variant,
};

use support::keeps_every_promise;

/// The least work of the family, with all scales of a span in one load.
const SMALL: HeldMatrix = HeldMatrix {
    subgroups: 8,
    held: 16,
    workgroups: 2,
};

fn small() -> Configuration {
    Configuration {
        geometry: Geometry::HeldMatrix(SMALL),
        ..variant("held_matrix_s8_h16_g32_m16_f16").unwrap().configuration
    }
}

#[test]
fn weights_of_every_encoding_are_read_within_bounds() {
    // Scales of a span together, in every format, and one by one.
    let by_column = ScaleFormat::ALL.map(|format| (format, ScaleOrder::Columns));
    let by_group = [(ScaleFormat::F32, ScaleOrder::Groups)];
    for encoding in Encoding::ALL {
        for (format, order) in by_column.into_iter().chain(by_group) {
            let configuration = Configuration {
                encoding,
                scales: ScaleLayout { format, order },
                ..small()
            };
            if configuration.weight_format().exists() {
                keeps_every_promise(&configuration, true);
            }
        }
    }
}

#[test]
fn groups_that_span_no_whole_part_of_a_lane_are_read_load_by_load() {
    for group_size in [96, 256, 4096] {
        keeps_every_promise(
            &Configuration {
                group_size: GroupSize::Fixed(group_size),
                ..small()
            },
            true,
        );
    }
}

#[test]
fn a_fixed_k_of_one_pass_or_more_adds_what_there_is_and_no_more() {
    let two_and_more = 2 * SMALL.pass() + SMALL.share();
    for (k, bias) in [
        (SMALL.share(), Bias::Always),
        (SMALL.pass() - SMALL.share(), Bias::Optional),
        (SMALL.pass(), Bias::Never),
        (two_and_more, Bias::Never),
        (two_and_more, Bias::Always),
    ] {
        keeps_every_promise(
            &Configuration {
                k: Some(k),
                bias,
                ..small()
            },
            true,
        );
    }
}
