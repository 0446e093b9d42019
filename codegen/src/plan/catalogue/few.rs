//! The catalogue's kernels for a few rows.

use q4_kernel_types::{Configuration, Geometry, GroupSize, HeldMatrix, Reduction, Skinny, SkinnyMatrix};

use super::{COMMON_GROUP_SIZES, COMMONEST, GROUP_SIZES, rounded, standard};

/// Of a skinny kernel: `(rows, width, columns, columns of a lane, words)`.
type Sizes = (u32, u32, u32, u32, u32);

/// Skinny kernels of the catalogue at the group size that most layers have, whose lanes load inputs for themselves. More columns of a lane share what is loaded of the input, at the price of registers; more lanes per column shorten the walk over K where there are
/// few columns.
const SKINNY: [Sizes; 16] = [
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

/// The same that were chosen where nothing else was named, before inputs were staged: with subgroups and without, for tables that name them.
const SKINNY_OF_BOTH: [Sizes; 2] = [(8, 128, 32, 8, 2), (16, 256, 32, 4, 2)];

/// The same whose inputs are staged. More columns of a workgroup share what is staged, where there are enough columns for all multiprocessors.
const SKINNY_STAGED: [Sizes; 2] = [(8, 128, 64, 8, 2), (16, 128, 64, 4, 2)];

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

/// Workgroups of held matrices: one for each multiprocessor, and two.
const ONE_EACH: u32 = HeldMatrix::DEFAULT.workgroups;
const TWO_EACH: u32 = 2 * ONE_EACH;

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

/// The default for each number of rows.
pub(super) fn defaults(group_size: GroupSize) -> Vec<Configuration> {
    let of = |rows| Reduction::ALL.map(|reduction| Geometry::Skinny(Skinny::for_rows(rows, reduction)));
    let geometries = Skinny::ROWS.into_iter().flat_map(of);
    geometries
        .map(|geometry| standard(geometry, group_size))
        .collect()
}

/// More skinny kernels for the commonest group size.
pub(super) fn for_tuning() -> Vec<Configuration> {
    let of = |sizes: &[Sizes], staged, reduction| -> Vec<Configuration> {
        sizes
            .iter()
            .map(|&(rows, width, columns, lane_columns, words)| Skinny {
                rows,
                width,
                columns,
                lane_columns,
                words,
                staged,
                reduction,
            })
            .map(|skinny| standard(Geometry::Skinny(skinny), COMMONEST))
            .collect()
    };
    [
        of(&SKINNY, false, Reduction::Subgroup),
        of(&SKINNY_OF_BOTH, false, Reduction::Subgroup),
        of(&SKINNY_OF_BOTH, false, Reduction::Shared),
        of(&SKINNY_STAGED, true, Reduction::Subgroup),
    ]
    .concat()
}

/// Those of cooperative matrices.
pub(super) fn matrices() -> Vec<Configuration> {
    let skinny = COMMON_GROUP_SIZES.map(|size| rounded(Geometry::SkinnyMatrix(SkinnyMatrix::DEFAULT), size));
    let skinny_for_tuning = SKINNY_MATRICES.map(|(columns, tile_k, subgroups, ahead)| {
        let matrix = SkinnyMatrix {
            columns,
            tile_k,
            subgroups,
            ahead,
        };
        rounded(Geometry::SkinnyMatrix(matrix), COMMONEST)
    });
    let held = GROUP_SIZES.map(|size| rounded(Geometry::HeldMatrix(HeldMatrix::DEFAULT), size));
    let held_for_tuning = HELD_MATRICES.map(|(subgroups, held, workgroups)| {
        let matrix = HeldMatrix {
            subgroups,
            held,
            workgroups,
        };
        rounded(Geometry::HeldMatrix(matrix), COMMONEST)
    });
    [&skinny[..], &skinny_for_tuning, &held, &held_for_tuning].concat()
}
