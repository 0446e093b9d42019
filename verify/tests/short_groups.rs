//! Groups that split a load, in weights of every encoding: the catalogue has them of one.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel::{
    Bias, Configuration, Encoding, Geometry, GroupSize, HeldMatrix, NumericClass, PanelMatrix, Reduction,
    ScaleFormat, ScaleLayout, ScaleOrder, SkinnyMatrix, Stream, load,
};

use support::keeps_every_promise;

/// Every encoding, with scales of every format as they are stored by default, and of one in the contract's order.
fn keep_every_promise(geometry: Geometry, numeric: NumericClass) {
    let by_column = ScaleFormat::ALL.map(|format| (format, ScaleOrder::Columns));
    let by_group = [(ScaleFormat::F32, ScaleOrder::Groups)];
    let [group_size] = load::SHORT_GROUPS;
    for encoding in Encoding::ALL {
        for (format, order) in by_column.into_iter().chain(by_group) {
            let configuration = Configuration {
                geometry,
                group_size: GroupSize::Fixed(group_size),
                k: None,
                bias: Bias::Optional,
                numeric,
                encoding,
                scales: ScaleLayout { format, order },
            };
            if !configuration.weight_format().exists() {
                continue;
            }
            keeps_every_promise(&configuration, true);
        }
    }
}

#[test]
fn streaming_kernels_scale_each_part_of_a_chunk() {
    for reduction in Reduction::ALL {
        for slices in [false, true] {
            let stream = Stream {
                workgroups: 2,
                ..Stream::default_of(slices, reduction)
            };
            keep_every_promise(Geometry::Stream(stream), NumericClass::Exact);
        }
    }
    for rows in [2, 4] {
        let stream = Stream {
            workgroups: 2,
            ..Stream::for_rows(rows, Reduction::Subgroup)
        };
        keep_every_promise(Geometry::Stream(stream), NumericClass::Exact);
    }
}

#[test]
fn held_matrices_scale_each_part_of_a_load() {
    // The scales of a span are one vector, and two.
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
fn cooperative_matrices_for_a_few_rows_scale_each_part_of_a_load() {
    let matrix = SkinnyMatrix {
        ahead: 1,
        ..SkinnyMatrix::DEFAULT
    };
    keep_every_promise(Geometry::SkinnyMatrix(matrix), NumericClass::F16Multiply);
}

#[test]
fn panels_scale_each_part_of_a_load() {
    // Lanes with a column each, and two that share columns.
    for default in [PanelMatrix::DEFAULT, PanelMatrix::DEFAULT_ROUNDED] {
        for panels in PanelMatrix::PANELS {
            let matrix = PanelMatrix {
                tile_m: 32,
                tile_n: 64,
                panels,
                ..default
            };
            keep_every_promise(Geometry::PanelMatrix(matrix), NumericClass::F16Multiply);
        }
    }
}
