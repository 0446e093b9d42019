//! Groups that end with a load of weights, with several, and within what is loaded at once: the catalogue has the common ones.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel::{
    Bias, Configuration, Encoding, Geometry, GroupSize, HeldMatrix, InputFormat, NumericClass, PanelMatrix,
    Reduction, ScaleFormat, ScaleLayout, ScaleOrder, SkinnyMatrix, Stream,
};

use support::keeps_every_promise;

/// Constants of a kernel, and what the host says.
const GROUP_SIZES: [GroupSize; 6] = [
    GroupSize::Fixed(32),
    GroupSize::Fixed(64),
    GroupSize::Fixed(96),
    GroupSize::Fixed(128),
    GroupSize::Fixed(160),
    GroupSize::Runtime,
];

fn keep_every_promise(geometry: Geometry, numeric: NumericClass) {
    for group_size in GROUP_SIZES {
        for encoding in [Encoding::Symmetric, Encoding::Minimum] {
            for order in [ScaleOrder::Columns, ScaleOrder::Groups] {
                let configuration = Configuration {
                    geometry,
                    group_size,
                    k: None,
                    bias: Bias::Optional,
                    numeric,
                    encoding,
                    scales: ScaleLayout {
                        format: ScaleFormat::F32,
                        order,
                    },
                };
                keeps_every_promise(&configuration, true);
            }
        }
    }
}

#[test]
fn streaming_kernels_scale_groups_of_every_length() {
    let stream = Stream {
        workgroups: 2,
        ..Stream::default_of(true, Reduction::Subgroup)
    };
    keep_every_promise(Geometry::Stream(stream), NumericClass::Exact);
}

#[test]
fn held_matrices_scale_groups_of_every_length() {
    for held in HeldMatrix::HELD {
        let matrix = HeldMatrix {
            subgroups: 8,
            held,
            workgroups: 2,
        };
        keep_every_promise(Geometry::HeldMatrix(matrix), NumericClass::F16Multiply);
    }
}

#[test]
fn cooperative_matrices_for_a_few_rows_scale_groups_of_every_length() {
    let matrix = SkinnyMatrix {
        ahead: 1,
        ..SkinnyMatrix::DEFAULT
    };
    keep_every_promise(Geometry::SkinnyMatrix(matrix), NumericClass::F16Multiply);
}

#[test]
fn panels_scale_groups_of_every_length() {
    // Lanes with a column each, and two that share columns.
    let tiles = [
        (32, InputFormat::F32),
        (48, InputFormat::F16),
        (64, InputFormat::F32),
        (32, InputFormat::F16),
    ];
    for (tile_k, inputs) in tiles {
        let matrix = PanelMatrix {
            tile_m: 32,
            tile_n: 64,
            tile_k,
            inputs,
            ..PanelMatrix::DEFAULT
        };
        keep_every_promise(Geometry::PanelMatrix(matrix), NumericClass::F16Multiply);
    }
}
