//! The catalogue's kernels for one row, and streaming ones for a few.

use q4_kernel_types::{
    Configuration, Coop4, Gemv, Geometry, GroupSize, NumericClass, Reduction, ScaleFormat, ScaleLayout,
    ScaleOrder, Stream,
};

use super::{BY_GROUP, COMMONEST, GROUP_SIZES, standard};

/// The workgroups of most GEMVs.
const GRID: u32 = Gemv::DEFAULT_WORKGROUPS;

/// Width, columns, resident chunks and workgroups of the GEMVs.
const GEMVS: [(u32, u32, u32, u32); 8] = [
    (32, 8, 0, GRID),
    (64, 8, 0, GRID),
    (128, 8, 0, GRID),
    (128, 16, 0, GRID),
    (64, 8, 1, GRID),
    (128, 8, 1, GRID),
    (128, 16, 1, GRID),
    (256, 8, 2, GRID),
];

/// More of them for the commonest group size, for tables of measurements to choose from.
const GEMVS_FOR_TUNING: [(u32, u32, u32, u32); 16] = [
    (32, 4, 0, GRID),
    (64, 4, 0, GRID),
    (128, 4, 0, GRID),
    (256, 4, 0, GRID),
    (256, 8, 0, GRID),
    (64, 16, 0, GRID),
    (64, 4, 1, GRID),
    (64, 16, 1, GRID),
    (128, 4, 1, GRID),
    (256, 4, 1, GRID),
    (256, 8, 1, GRID),
    (64, 8, 2, GRID),
    (128, 8, 2, GRID),
    (128, 8, 1, 528),
    (128, 8, 1, 1056),
    (128, 16, 1, 528),
];

/// Those whose input passes through workgroup memory.
const GEMVS_STAGED: [(u32, u32, u32, u32); 7] = [
    (64, 4, 1, GRID),
    (64, 8, 1, GRID),
    (64, 16, 1, GRID),
    (128, 4, 1, GRID),
    (128, 8, 1, GRID),
    (128, 16, 1, GRID),
    (256, 8, 2, GRID),
];

/// Those with 8-bit inputs.
const GEMVS_WITH_INT8: [(u32, u32, u32, u32); 5] = [
    (64, 8, 0, GRID),
    (64, 8, 1, GRID),
    (128, 8, 1, GRID),
    (128, 16, 1, GRID),
    (256, 8, 2, GRID),
];

/// Those with scales in another layout.
const GEMVS_WITH_SCALES: [((u32, u32, u32, u32), ScaleLayout); 5] = [
    ((128, 8, 0, GRID), BY_GROUP),
    ((128, 8, 1, GRID), BY_GROUP),
    ((128, 16, 1, GRID), BY_GROUP),
    ((128, 8, 1, GRID), AS_F16),
    ((128, 16, 1, GRID), AS_F16),
];
const AS_F16: ScaleLayout = ScaleLayout {
    format: ScaleFormat::F16,
    order: ScaleOrder::Columns,
};

/// Workgroups of the streaming kernels: two for each multiprocessor, and one.
const TWO_EACH: u32 = Stream::DEFAULT_WORKGROUPS;
const ONE_EACH: u32 = TWO_EACH / 2;

/// Streaming kernels beside the defaults: rows; width, columns and teams that divide K; held chunks of a row and whether in slices; workgroups.
const STREAMS: [Stream; 2] = [
    stream(1, (512, 4, 1), (128, false), ONE_EACH),
    stream(1, (512, 4, 1), (256, true), ONE_EACH),
];

/// More of them for the commonest group size.
const STREAMS_FOR_TUNING: [Stream; 20] = [
    stream(1, (256, 1, 1), (128, false), TWO_EACH),
    stream(1, (256, 2, 1), (128, false), TWO_EACH),
    stream(1, (512, 1, 1), (128, false), ONE_EACH),
    stream(1, (512, 1, 1), (128, false), TWO_EACH),
    stream(1, (512, 2, 1), (128, false), TWO_EACH),
    stream(1, (512, 4, 1), (128, false), TWO_EACH),
    stream(1, (512, 4, 1), (256, false), ONE_EACH),
    stream(1, (512, 2, 1), (256, false), ONE_EACH),
    stream(1, (512, 1, 1), (256, true), ONE_EACH),
    stream(1, (512, 2, 1), (256, true), ONE_EACH),
    stream(1, (512, 4, 1), (128, true), TWO_EACH),
    stream(1, (256, 1, 1), (128, true), TWO_EACH),
    stream(1, (512, 4, 2), (128, false), ONE_EACH),
    stream(1, (512, 4, 4), (128, false), ONE_EACH),
    stream(1, (512, 2, 2), (128, false), ONE_EACH),
    stream(1, (256, 4, 2), (128, false), TWO_EACH),
    stream(1, (512, 4, 2), (256, true), ONE_EACH),
    stream(1, (512, 4, 4), (256, true), ONE_EACH),
    stream(1, (512, 2, 2), (256, true), ONE_EACH),
    stream(1, (256, 4, 2), (128, true), TWO_EACH),
];

/// And of those for a few rows.
const STREAMS_OF_ROWS_FOR_TUNING: [Stream; 7] = [
    stream(2, (512, 4, 1), (128, false), ONE_EACH),
    stream(2, (512, 2, 1), (128, false), ONE_EACH),
    stream(2, (256, 4, 1), (64, true), TWO_EACH),
    stream(2, (256, 2, 1), (64, true), TWO_EACH),
    stream(2, (512, 2, 1), (128, true), ONE_EACH),
    stream(4, (512, 2, 1), (64, true), ONE_EACH),
    stream(4, (256, 4, 1), (64, true), ONE_EACH),
];

/// Cooperative GEMVs.
pub(super) fn coop4() -> Vec<Configuration> {
    let mut variants = Vec::new();
    for group_size in GROUP_SIZES {
        for width in Coop4::WIDTHS {
            for columns in Coop4::COLUMNS {
                for reduction in [Reduction::Shared, Reduction::Subgroup] {
                    for words in Coop4::WORDS {
                        let coop4 = Coop4 {
                            width,
                            columns,
                            words,
                            reduction,
                        };
                        // Long loads pay where several columns share the activations.
                        if words == 1 || columns >= Coop4::DEFAULT_COLUMNS {
                            variants.push(standard(Geometry::Coop4(coop4), group_size));
                        }
                    }
                }
            }
        }
    }
    variants
}

/// Persistent GEMVs: those that read the input anew for each block serve any K; those that keep it in registers are for many columns.
pub(super) fn gemvs(group_size: GroupSize) -> Vec<Configuration> {
    let gemv = |(width, columns, resident, workgroups), reduction| {
        let gemv = Gemv {
            width,
            columns,
            resident,
            staged: false,
            workgroups,
            reduction,
        };
        standard(Geometry::Gemv(gemv), group_size)
    };
    let mut variants = Vec::new();
    for reduction in Reduction::ALL {
        variants.extend(GEMVS.map(|sizes| gemv(sizes, reduction)));
        // 8-bit inputs and other scales, of the sizes that serve any K.
        let default = gemv(
            (
                Gemv::DEFAULT_WIDTH,
                Gemv::DEFAULT_COLUMNS,
                0,
                Gemv::DEFAULT_WORKGROUPS,
            ),
            reduction,
        );
        variants.push(Configuration {
            numeric: NumericClass::Int8Activations,
            ..default
        });
        for format in [ScaleFormat::F16, ScaleFormat::Bf16] {
            variants.push(Configuration {
                scales: ScaleLayout {
                    format,
                    ..ScaleLayout::default()
                },
                ..default
            });
        }
    }
    if group_size == COMMONEST {
        variants.extend(GEMVS_FOR_TUNING.map(|sizes| gemv(sizes, Reduction::Subgroup)));
        for sizes in GEMVS_STAGED {
            let mut variant = gemv(sizes, Reduction::Subgroup);
            if let Geometry::Gemv(gemv) = &mut variant.geometry {
                gemv.staged = true;
            }
            variants.push(variant);
        }
        for sizes in GEMVS_WITH_INT8 {
            variants.push(Configuration {
                numeric: NumericClass::Int8Activations,
                ..gemv(sizes, Reduction::Subgroup)
            });
        }
        for (sizes, scales) in GEMVS_WITH_SCALES {
            variants.push(Configuration {
                scales,
                ..gemv(sizes, Reduction::Subgroup)
            });
        }
    }
    variants
}

/// Streaming kernels, the defaults first.
pub(super) fn streams(group_size: GroupSize) -> Vec<Configuration> {
    let of = |reduction| {
        let defaults = [false, true].map(|slices| Stream::default_of(slices, reduction));
        let sized = STREAMS.map(|stream| Stream { reduction, ..stream });
        defaults.into_iter().chain(sized).chain(few_rows(reduction))
    };
    let standard = |stream| standard(Geometry::Stream(stream), group_size);
    let mut variants: Vec<_> = Reduction::ALL.into_iter().flat_map(of).map(standard).collect();
    if group_size == COMMONEST {
        for stream in STREAMS_FOR_TUNING {
            variants.extend(Reduction::ALL.map(|reduction| standard(Stream { reduction, ..stream })));
        }
        variants.extend(STREAMS_OF_ROWS_FOR_TUNING.map(standard));
        variants.extend(of(Reduction::Subgroup).map(|stream| Configuration {
            scales: BY_GROUP,
            ..standard(stream)
        }));
    }
    variants
}

/// The defaults for each number of rows beyond one.
pub(super) fn few_rows(reduction: Reduction) -> impl Iterator<Item = Stream> {
    let rows = Stream::ROWS.into_iter().filter(|rows| *rows > 1);
    rows.map(move |rows| Stream::for_rows(rows, reduction))
}

const fn stream(
    rows: u32,
    (width, columns, split): (u32, u32, u32),
    (held, slices): (u32, bool),
    workgroups: u32,
) -> Stream {
    Stream {
        rows,
        width,
        columns,
        split,
        held,
        slices,
        workgroups,
        reduction: Reduction::Subgroup,
    }
}
