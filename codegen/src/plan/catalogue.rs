//! The standard catalogue: the variants that the runtime carries and that every build validates.

use q4_kernel_types::{
    Configuration, Coop4, Encoding, Gemm, Gemv, Geometry, GroupSize, HeldMatrix, KAlignment, Matrix,
    MatrixSide, NumericClass, PanelBarrier, PanelMatrix, Reduction, ScaleFormat, ScaleLayout, ScaleOrder,
    Skinny, SkinnyMatrix, Staged, Stream, layout::WEIGHTS_PER_WORD,
};

use super::standard;

/// Group sizes of the catalogue: those in common use, and any other at run time.
const GROUP_SIZES: [GroupSize; 4] = [
    GroupSize::Fixed(32),
    GroupSize::Fixed(64),
    GroupSize::Fixed(128),
    GroupSize::Runtime,
];

/// GEMMs of the catalogue.
const GEMMS: [Gemm; 10] = [
    // The geometry of the first implementation: a flat strip of 4 x 4 tiles.
    aligned((4, 256, 8), (4, 4)),
    aligned((16, 64, 16), (2, 4)),
    aligned((32, 32, 8), (4, 4)),
    aligned((32, 64, 32), (4, 8)),
    aligned((64, 64, 16), (4, 4)),
    aligned((64, 64, 8), (8, 4)),
    aligned((128, 64, 8), (8, 8)),
    ragged((4, 64), (1, 2)),
    ragged((32, 32), (4, 4)),
    ragged((64, 64), (4, 4)),
];

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
const BY_GROUP: ScaleLayout = ScaleLayout {
    format: ScaleFormat::F32,
    order: ScaleOrder::Groups,
};
const AS_F16: ScaleLayout = ScaleLayout {
    format: ScaleFormat::F16,
    order: ScaleOrder::Columns,
};

/// Workgroups of the streaming GEMVs: two for each multiprocessor, and one.
const TWO_EACH: u32 = Stream::DEFAULT_WORKGROUPS;
const ONE_EACH: u32 = TWO_EACH / 2;

/// Width, columns, held chunks, whether in slices, and workgroups of the streaming GEMVs beside the default.
const STREAMS: [(u32, u32, u32, bool, u32); 2] =
    [(512, 4, 128, false, ONE_EACH), (512, 4, 256, true, ONE_EACH)];

/// More of them for the commonest group size.
const STREAMS_FOR_TUNING: [(u32, u32, u32, bool, u32); 12] = [
    (256, 1, 128, false, TWO_EACH),
    (256, 2, 128, false, TWO_EACH),
    (512, 1, 128, false, ONE_EACH),
    (512, 1, 128, false, TWO_EACH),
    (512, 2, 128, false, TWO_EACH),
    (512, 4, 128, false, TWO_EACH),
    (512, 4, 256, false, ONE_EACH),
    (512, 2, 256, false, ONE_EACH),
    (512, 1, 256, true, ONE_EACH),
    (512, 2, 256, true, ONE_EACH),
    (512, 4, 128, true, TWO_EACH),
    (256, 1, 128, true, TWO_EACH),
];

/// Rows, width, columns, held chunks of a row, whether in slices, and workgroups of the streaming kernels for a few rows beside the defaults.
const STREAMS_OF_ROWS_FOR_TUNING: [(u32, u32, u32, u32, bool, u32); 7] = [
    (2, 512, 4, 128, false, ONE_EACH),
    (2, 512, 2, 128, false, ONE_EACH),
    (2, 256, 4, 64, true, TWO_EACH),
    (2, 256, 2, 64, true, TWO_EACH),
    (2, 512, 2, 128, true, ONE_EACH),
    (4, 512, 2, 64, true, ONE_EACH),
    (4, 256, 4, 64, true, ONE_EACH),
];
/// Width, columns, teams that divide K, held chunks, whether in slices, and workgroups of the streaming GEMVs for few columns.
const STREAMS_THAT_SPLIT: [(u32, u32, u32, u32, bool, u32); 8] = [
    (512, 4, 2, 128, false, ONE_EACH),
    (512, 4, 4, 128, false, ONE_EACH),
    (512, 2, 2, 128, false, ONE_EACH),
    (256, 4, 2, 128, false, TWO_EACH),
    (512, 4, 2, 256, true, ONE_EACH),
    (512, 4, 4, 256, true, ONE_EACH),
    (512, 2, 2, 256, true, ONE_EACH),
    (256, 4, 2, 128, true, TWO_EACH),
];
/// The numbers of rows.
const STREAM_ROWS: [u32; 2] = [2, 4];

/// Skinny kernels of the catalogue at the group size that most layers have: `(rows, width, columns, columns of a lane, words)`. More columns of a lane share
/// what is loaded of the input, at the price of registers; more lanes per column shorten the walk over K where there are few columns.
const SKINNY: [(u32, u32, u32, u32, u32); 16] = [
    (2, 64, 16, 4, 4),
    (2, 128, 32, 4, 4),
    (4, 64, 16, 4, 4),
    (4, 128, 32, 4, 4),
    (8, 64, 16, 4, 4),
    (8, 128, 32, 4, 4),
    (8, 256, 32, 4, 4),
    (8, 128, 32, 8, 4),
    (8, 256, 64, 8, 4),
    (8, 128, 32, 4, 2),
    (16, 64, 16, 4, 4),
    (16, 128, 32, 4, 4),
    (16, 256, 32, 4, 4),
    (16, 128, 32, 8, 4),
    (16, 128, 32, 4, 2),
    (16, 64, 16, 4, 2),
];

/// Matrices for a few rows, at the group size that most layers have: `(columns, K, subgroups, steps ahead)`. Many columns read the inputs less
/// often, few make more workgroups; what is ahead keeps memory busy.
const SKINNY_MATRICES: [(u32, u32, u32, u32); 11] = [
    (64, 128, 8, 1),
    (64, 128, 8, 3),
    (64, 128, 8, 4),
    (64, 128, 4, 2),
    (64, 256, 4, 1),
    (32, 256, 8, 1),
    (32, 256, 8, 2),
    (64, 128, 8, 2),
    (32, 128, 4, 4),
    (128, 128, 8, 1),
    (128, 128, 8, 2),
];

/// Held matrices, at the group size that most layers have: `(subgroups, matrices of each, workgroups)`. What the subgroups hold should be all of K, or nearly a
/// whole part of it; two workgroups of half as many subgroups wait for each other's barriers less.
const HELD_MATRICES: [(u32, u32, u32); 7] = [
    (8, 16, ONE_EACH),
    (8, 16, TWO_EACH),
    (12, 16, ONE_EACH),
    (14, 16, ONE_EACH),
    (16, 8, ONE_EACH),
    (8, 8, TWO_EACH),
    (16, 8, TWO_EACH),
];

/// Staged GEMMs of the catalogue, all in f32.
const STAGED: [Staged; 5] = [
    Staged::DEFAULT,
    staged((128, 64, 16), (8, 8)),
    staged((64, 128, 16), (8, 8)),
    staged((128, 128, 16), (8, 8)),
    // Twice the products for each value that is read, from half the threads.
    staged((128, 128, 16), (16, 8)),
];

/// Staged GEMMs that keep their operands in f16.
const STAGED_F16: [Staged; 3] = [
    Staged::DEFAULT,
    staged((128, 64, 16), (8, 8)),
    staged((128, 128, 32), (8, 8)),
];

/// GEMMs of 16 x 16 matrices. Wide tiles read the inputs, which are f32, less often; long steps pay for the barriers.
const MATRICES_16: [Matrix; 10] = [
    Matrix::DEFAULT,
    matrix_16((64, 64, 64), (32, 32), 1),
    matrix_16((64, 128, 64), (32, 64), 1),
    matrix_16((64, 256, 32), (32, 64), 1),
    matrix_16((64, 256, 48), (32, 64), 1),
    matrix_16((128, 128, 32), (64, 64), 1),
    matrix_16((128, 128, 32), (64, 64), 2),
    matrix_16((128, 256, 32), (64, 64), 1),
    matrix_16((192, 128, 48), (96, 32), 1),
    matrix_16((256, 128, 32), (64, 64), 1),
];

/// GEMMs whose subgroups have panels of their own: the more rows, the more products for each weight that is dequantised; few columns or rows leave room for a
/// second panel, or for two workgroups at once, which do not wait for each other.
const PANELS: [PanelMatrix; 2] = [
    PanelMatrix::DEFAULT,
    panel_matrix((128, 256, 48), 1, PanelBarrier::Subgroup),
];

/// More of them for the commonest group size, and what barriers of the workgroup cost.
const PANELS_FOR_TUNING: [PanelMatrix; 4] = [
    panel_matrix((64, 256, 64), 1, PanelBarrier::Subgroup),
    panel_matrix((64, 128, 64), 2, PanelBarrier::Subgroup),
    panel_matrix((64, 256, 32), 2, PanelBarrier::Workgroup),
    panel_matrix((128, 256, 48), 1, PanelBarrier::Workgroup),
];

/// GEMMs of 8 x 8 matrices, within 16 and 32 KiB of workgroup memory.
const MATRICES_8: [Matrix; 2] = [
    Matrix::DEFAULT_EIGHT,
    Matrix {
        tile_m: 128,
        subgroup_m: 64,
        ..Matrix::DEFAULT_EIGHT
    },
];

/// The formats beside q4gsw that the catalogue has kernels for, with the group size that most weights of each have: those of the files that people
/// have, and of every encoding one that holds whatever scales there are.
const FORMATS: [(Encoding, ScaleFormat, u32); 10] = [
    (Encoding::Symmetric, ScaleFormat::F16, 32),
    (Encoding::ZeroPoint, ScaleFormat::F16, 128),
    (Encoding::ZeroPoint, ScaleFormat::F32, 32),
    (Encoding::Minimum, ScaleFormat::F16, 32),
    (Encoding::Minimum, ScaleFormat::Bf16, 64),
    (Encoding::Minimum, ScaleFormat::F32, 32),
    (Encoding::Codebook, ScaleFormat::F32, 64),
    (Encoding::Codebook, ScaleFormat::F16, 32),
    (Encoding::Codebook, ScaleFormat::E8m0, 32),
    (Encoding::Codebook, ScaleFormat::E4m3, 16),
];

/// Group sizes of kernels that not every device runs.
const COMMON_GROUP_SIZES: [GroupSize; 3] = [GroupSize::Fixed(32), GroupSize::Fixed(128), GroupSize::Runtime];

/// Every variant of the standard catalogue: families x tiles x group sizes x widths.
#[must_use]
pub fn catalogue() -> Vec<Configuration> {
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
    for group_size in GROUP_SIZES {
        variants.extend(gemvs(group_size));
        variants.extend(streams(group_size));
        for rows in Skinny::ROWS {
            variants.extend(
                Reduction::ALL.map(|reduction| {
                    standard(Geometry::Skinny(Skinny::for_rows(rows, reduction)), group_size)
                }),
            );
        }
    }
    for (rows, width, columns, lane_columns, words) in SKINNY {
        let skinny = Skinny {
            rows,
            width,
            columns,
            lane_columns,
            words,
            reduction: Reduction::Subgroup,
        };
        variants.push(standard(Geometry::Skinny(skinny), GroupSize::Fixed(32)));
    }
    for group_size in COMMON_GROUP_SIZES {
        variants.push(skinny_matrix(SkinnyMatrix::DEFAULT, group_size));
    }
    for (columns, tile_k, subgroups, ahead) in SKINNY_MATRICES {
        let matrix = SkinnyMatrix {
            columns,
            tile_k,
            subgroups,
            ahead,
        };
        variants.push(skinny_matrix(matrix, GroupSize::Fixed(32)));
    }
    for group_size in GROUP_SIZES {
        variants.push(held_matrix(HeldMatrix::DEFAULT, group_size));
    }
    for (subgroups, held, workgroups) in HELD_MATRICES {
        let matrix = HeldMatrix {
            subgroups,
            held,
            workgroups,
        };
        variants.push(held_matrix(matrix, GroupSize::Fixed(32)));
    }
    for group_size in GROUP_SIZES {
        variants.extend(STAGED.map(|staged| standard(Geometry::Staged(staged), group_size)));
    }
    for group_size in COMMON_GROUP_SIZES {
        let rounded = STAGED_F16
            .map(Geometry::Staged)
            .into_iter()
            .chain(MATRICES_16.map(Geometry::Matrix))
            .chain(MATRICES_8.map(Geometry::Matrix));
        variants.extend(rounded.map(|geometry| Configuration {
            numeric: NumericClass::F16Multiply,
            ..standard(geometry, group_size)
        }));
    }
    for group_size in GROUP_SIZES {
        variants.extend(PANELS.map(|matrix| panels(matrix, group_size)));
    }
    variants.extend(PANELS_FOR_TUNING.map(|matrix| panels(matrix, GroupSize::Fixed(32))));
    for group_size in GROUP_SIZES {
        variants.extend(GEMMS.map(|gemm| standard(Geometry::Gemm(gemm), group_size)));
    }
    for (encoding, format, group_size) in FORMATS {
        variants.extend(of_format(encoding, format, group_size));
    }
    variants
}

/// The defaults for one format: for its group size and for any other, on every route. The GEMVs of symmetric weights stand above.
fn of_format(encoding: Encoding, format: ScaleFormat, group_size: u32) -> Vec<Configuration> {
    let fixed = GroupSize::Fixed(group_size);
    let coop4 = |reduction| {
        Geometry::Coop4(Coop4 {
            width: Coop4::DEFAULT_WIDTH,
            columns: Coop4::DEFAULT_COLUMNS,
            words: Coop4::DEFAULT_WORDS,
            reduction,
        })
    };
    let gemv = |reduction| {
        Geometry::Gemv(Gemv {
            width: Gemv::DEFAULT_WIDTH,
            columns: Gemv::DEFAULT_COLUMNS,
            resident: 0,
            staged: false,
            workgroups: Gemv::DEFAULT_WORKGROUPS,
            reduction,
        })
    };
    let stream = Geometry::Stream(Stream::default_of(true, Reduction::Subgroup));
    let mut variants = Vec::new();
    if group_size.is_multiple_of(Stream::CHUNK) {
        variants.push(standard(stream, fixed));
        let few = STREAM_ROWS.map(|rows| Geometry::Stream(Stream::for_rows(rows, Reduction::Subgroup)));
        variants.extend(few.map(|geometry| standard(geometry, fixed)));
    }
    if encoding != Encoding::Symmetric {
        variants.extend([
            standard(gemv(Reduction::Subgroup), fixed),
            standard(gemv(Reduction::Subgroup), GroupSize::Runtime),
            standard(gemv(Reduction::Shared), GroupSize::Runtime),
        ]);
    }
    variants.push(standard(coop4(Reduction::Shared), GroupSize::Runtime));
    variants.extend(Skinny::ROWS.map(|rows| {
        let default = Skinny::for_rows(rows, Reduction::Subgroup);
        let skinny = Skinny {
            words: default.words.min(group_size / WEIGHTS_PER_WORD),
            ..default
        };
        standard(Geometry::Skinny(skinny), fixed)
    }));
    let mut matrices = vec![Geometry::Matrix(Matrix::DEFAULT)];
    // A lane loads 32 weights of one scale.
    if group_size.is_multiple_of(HeldMatrix::LOAD) {
        matrices.extend([
            Geometry::HeldMatrix(HeldMatrix::DEFAULT),
            Geometry::SkinnyMatrix(SkinnyMatrix::DEFAULT),
            Geometry::PanelMatrix(PanelMatrix::DEFAULT),
        ]);
    }
    variants.extend(matrices.into_iter().map(|geometry| Configuration {
        numeric: NumericClass::F16Multiply,
        ..standard(geometry, fixed)
    }));
    let (m, n) = Gemm::DEFAULT_TILE;
    variants.extend([
        standard(Geometry::Staged(Staged::DEFAULT), fixed),
        standard(Geometry::Staged(Staged::DEFAULT), GroupSize::Runtime),
        standard(
            Geometry::Gemm(ragged((m, n), Gemm::DEFAULT_THREAD)),
            GroupSize::Runtime,
        ),
    ]);
    for variant in &mut variants {
        variant.encoding = encoding;
        variant.scales.format = format;
    }
    variants
}

/// Persistent GEMVs: those that read the input anew for each block serve any K; those that keep it in registers are for many columns.
fn gemvs(group_size: GroupSize) -> Vec<Configuration> {
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
    if group_size == GroupSize::Fixed(32) {
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

/// Streaming GEMVs, the default first.
fn streams(group_size: GroupSize) -> Vec<Configuration> {
    let of = |reduction| {
        let sized = STREAMS.map(|(width, columns, held, slices, workgroups)| Stream {
            rows: 1,
            width,
            columns,
            split: 1,
            held,
            slices,
            workgroups,
            reduction,
        });
        let defaults = [false, true].map(|slices| Stream::default_of(slices, reduction));
        let few = STREAM_ROWS.map(|rows| Stream::for_rows(rows, reduction));
        defaults.into_iter().chain(sized).chain(few).map(Geometry::Stream)
    };
    let standard = |geometry| standard(geometry, group_size);
    let mut variants: Vec<_> = Reduction::ALL.into_iter().flat_map(of).map(standard).collect();
    if group_size == GroupSize::Fixed(32) {
        for (width, columns, held, slices, workgroups) in STREAMS_FOR_TUNING {
            variants.extend(Reduction::ALL.map(|reduction| {
                standard(Geometry::Stream(Stream {
                    rows: 1,
                    width,
                    columns,
                    split: 1,
                    held,
                    slices,
                    workgroups,
                    reduction,
                }))
            }));
        }
        for (width, columns, split, held, slices, workgroups) in STREAMS_THAT_SPLIT {
            variants.extend(Reduction::ALL.map(|reduction| {
                standard(Geometry::Stream(Stream {
                    rows: 1,
                    width,
                    columns,
                    split,
                    held,
                    slices,
                    workgroups,
                    reduction,
                }))
            }));
        }
        for (rows, width, columns, held, slices, workgroups) in STREAMS_OF_ROWS_FOR_TUNING {
            variants.push(standard(Geometry::Stream(Stream {
                rows,
                width,
                columns,
                split: 1,
                held,
                slices,
                workgroups,
                reduction: Reduction::Subgroup,
            })));
        }
        variants.extend(of(Reduction::Subgroup).map(|geometry| Configuration {
            scales: BY_GROUP,
            ..standard(geometry)
        }));
    }
    variants
}

fn skinny_matrix(matrix: SkinnyMatrix, group_size: GroupSize) -> Configuration {
    Configuration {
        numeric: NumericClass::F16Multiply,
        ..standard(Geometry::SkinnyMatrix(matrix), group_size)
    }
}

fn held_matrix(matrix: HeldMatrix, group_size: GroupSize) -> Configuration {
    Configuration {
        numeric: NumericClass::F16Multiply,
        ..standard(Geometry::HeldMatrix(matrix), group_size)
    }
}

fn panels(matrix: PanelMatrix, group_size: GroupSize) -> Configuration {
    Configuration {
        numeric: NumericClass::F16Multiply,
        ..standard(Geometry::PanelMatrix(matrix), group_size)
    }
}

const fn aligned((tile_m, tile_n, tile_k): (u32, u32, u32), (rows, columns): (u32, u32)) -> Gemm {
    Gemm {
        tile_m,
        tile_n,
        tile_k,
        rows,
        columns,
        alignment: KAlignment::Aligned,
    }
}

const fn staged((tile_m, tile_n, tile_k): (u32, u32, u32), (rows, columns): (u32, u32)) -> Staged {
    Staged {
        tile_m,
        tile_n,
        tile_k,
        rows,
        columns,
    }
}

const fn matrix_16(
    (tile_m, tile_n, tile_k): (u32, u32, u32),
    (subgroup_m, subgroup_n): (u32, u32),
    buffers: u32,
) -> Matrix {
    Matrix {
        tile_m,
        tile_n,
        tile_k,
        subgroup_m,
        subgroup_n,
        side: MatrixSide::Sixteen,
        buffers,
    }
}

const fn panel_matrix(
    (tile_m, tile_n, tile_k): (u32, u32, u32),
    panels: u32,
    barrier: PanelBarrier,
) -> PanelMatrix {
    PanelMatrix {
        tile_m,
        tile_n,
        tile_k,
        panels,
        barrier,
    }
}

const fn ragged((tile_m, tile_n): (u32, u32), (rows, columns): (u32, u32)) -> Gemm {
    Gemm {
        tile_m,
        tile_n,
        tile_k: WEIGHTS_PER_WORD,
        rows,
        columns,
        alignment: KAlignment::Ragged,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_variants_share_a_name() {
        let names: BTreeSet<_> = catalogue().iter().map(Configuration::name).collect();
        assert_eq!(names.len(), catalogue().len());
    }

    #[test]
    fn every_group_size_has_a_variant_for_every_shape() {
        for group_size in [1, 7, 20, 32, 64, 100, 128, 4096] {
            for k in [1, 7, 31, 2048, 2050] {
                let serves = |c: &Configuration| c.constraints().check_layer(k, group_size).is_ok();
                assert!(catalogue().iter().any(serves), "K {k}, group size {group_size}");
            }
        }
    }
}
