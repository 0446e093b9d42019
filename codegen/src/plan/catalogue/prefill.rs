//! The catalogue's kernels for any number of rows.

use q4_kernel_types::{
    Configuration, Gemm, Geometry, InputFormat, KAlignment, Matrix, MatrixSide, PanelBarrier, PanelMatrix,
    Staged, layout::WEIGHTS_PER_WORD,
};

use super::{COMMON_GROUP_SIZES, COMMONEST, GROUP_SIZES, rounded, standard};

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

/// Staged GEMMs of the catalogue, all in f32.
const STAGED: [Staged; 6] = [
    Staged::DEFAULT,
    staged((128, 64, 16), (8, 8)),
    staged((64, 128, 16), (8, 8)),
    staged((128, 128, 16), (8, 8)),
    // Twice the products for each value that is read, from half the threads.
    staged((128, 128, 16), (16, 8)),
    Staged::DIVIDED,
];

/// More of them for the commonest group size: where tiles are few, and where they are many.
const STAGED_FOR_TUNING: [Staged; 11] = [
    divided((64, 64, 16), (8, 8), 4),
    divided((32, 64, 32), (4, 8), 2),
    divided((32, 32, 32), (4, 4), 4),
    // As many products for each value, from as many threads as smaller ones have.
    divided((128, 128, 16), (16, 8), 2),
    staged((256, 128, 16), (16, 8)),
    staged((128, 256, 16), (16, 8)),
    // What waiting for operands costs, where registers have room for the next ones.
    ahead(Staged::DEFAULT),
    ahead(staged((128, 128, 16), (8, 8))),
    ahead(staged((128, 128, 32), (8, 8))),
    ahead(divided((128, 128, 16), (16, 8), 2)),
    ahead(staged((256, 128, 16), (16, 8))),
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
const PANELS: [PanelMatrix; 7] = [
    PanelMatrix::DEFAULT,
    panel_matrix((128, 256, 48), 1, PanelBarrier::Subgroup),
    PanelMatrix::DEFAULT_ROUNDED,
    PanelMatrix::DIVIDED[0],
    PanelMatrix::DIVIDED[1],
    PanelMatrix::DIVIDED_EVERYWHERE[0],
    PanelMatrix::DIVIDED_EVERYWHERE[1],
];

/// More of them for the commonest group size, and what barriers of the workgroup cost.
const PANELS_FOR_TUNING: [PanelMatrix; 13] = [
    panel_matrix((64, 256, 64), 1, PanelBarrier::Subgroup),
    panel_matrix((64, 128, 64), 2, PanelBarrier::Subgroup),
    panel_matrix((64, 256, 32), 2, PanelBarrier::Workgroup),
    panel_matrix((128, 256, 48), 1, PanelBarrier::Workgroup),
    rounded_panel_matrix((128, 128, 64)),
    PanelMatrix {
        panels: 2,
        ..rounded_panel_matrix((128, 128, 64))
    },
    // Between powers of two: tiles of some numbers of columns fill whole rounds of a device where those do not.
    rounded_panel_matrix((128, 192, 64)),
    rounded_panel_matrix((128, 224, 64)),
    rounded_panel_matrix((64, 256, 64)),
    rounded_panel_matrix((64, 128, 64)),
    divided_panel_matrix((64, 128, 64), 2),
    divided_panel_matrix((32, 128, 64), 2),
    divided_panel_matrix((32, 32, 64), 4),
];

/// GEMMs of 8 x 8 matrices, within 16 and 32 KiB of workgroup memory.
const MATRICES_8: [Matrix; 3] = [
    Matrix::DEFAULT_EIGHT,
    Matrix::SHORT_EIGHT,
    Matrix {
        tile_m: 128,
        subgroup_m: 64,
        ..Matrix::DEFAULT_EIGHT
    },
];

/// All of them.
pub(super) fn all() -> Vec<Configuration> {
    let mut variants = Vec::new();
    for group_size in GROUP_SIZES {
        variants.extend(STAGED.map(|staged| standard(Geometry::Staged(staged), group_size)));
    }
    variants.extend(STAGED_FOR_TUNING.map(|staged| standard(Geometry::Staged(staged), COMMONEST)));
    for group_size in COMMON_GROUP_SIZES {
        let geometries = STAGED_F16
            .map(Geometry::Staged)
            .into_iter()
            .chain(MATRICES_16.map(Geometry::Matrix))
            .chain(MATRICES_8.map(Geometry::Matrix));
        variants.extend(geometries.map(|geometry| rounded(geometry, group_size)));
    }
    for group_size in GROUP_SIZES {
        variants.extend(PANELS.map(|matrix| rounded(Geometry::PanelMatrix(matrix), group_size)));
    }
    variants.extend(PANELS_FOR_TUNING.map(|matrix| rounded(Geometry::PanelMatrix(matrix), COMMONEST)));
    for group_size in GROUP_SIZES {
        variants.extend(GEMMS.map(|gemm| standard(Geometry::Gemm(gemm), group_size)));
    }
    variants
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
        teams: 1,
        ahead: false,
    }
}

const fn ahead(staged: Staged) -> Staged {
    Staged {
        ahead: true,
        ..staged
    }
}

const fn divided(tile: (u32, u32, u32), thread: (u32, u32), teams: u32) -> Staged {
    Staged {
        teams,
        ..staged(tile, thread)
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
        inputs: InputFormat::F32,
        panels,
        barrier,
        teams: 1,
    }
}

const fn rounded_panel_matrix(tile: (u32, u32, u32)) -> PanelMatrix {
    PanelMatrix {
        inputs: InputFormat::F16,
        ..panel_matrix(tile, 1, PanelBarrier::Subgroup)
    }
}

const fn divided_panel_matrix(tile: (u32, u32, u32), teams: u32) -> PanelMatrix {
    PanelMatrix {
        teams,
        ..rounded_panel_matrix(tile)
    }
}

pub(super) const fn ragged((tile_m, tile_n): (u32, u32), (rows, columns): (u32, u32)) -> Gemm {
    Gemm {
        tile_m,
        tile_n,
        tile_k: WEIGHTS_PER_WORD,
        rows,
        columns,
        alignment: KAlignment::Ragged,
    }
}
