//! The values of the GEMM of cooperative matrices.

use q4_kernel_types::{Matrix, MatrixSide};
use serde::Serialize;

use super::{Described, Family, ScaleLoads, TileLoads};

#[derive(Serialize)]
pub(super) struct Values {
    tile_m: u32,
    tile_n: u32,
    tile_k: u32,
    subgroup_m: u32,
    subgroup_n: u32,
    /// Matrices of a subgroup.
    matrices_m: u32,
    matrices_n: u32,
    side: u32,
    subgroup_size: u32,
    /// Whether sums of whole tiles are stored straight to the output. Matrices of 16 x 16 were measured, and are faster through workgroup memory.
    direct_stores: bool,
    buffers: u32,
    #[serde(flatten)]
    loads: TileLoads,
}

pub(super) fn describe(matrix: Matrix) -> Described {
    let threads = matrix.threads();
    let side = matrix.side.length();
    let buffers = match matrix.buffers {
        1 => String::new(),
        buffers => format!(", {buffers} of them at once"),
    };
    Described {
        kind: "GEMM of cooperative matrices",
        purpose: "",
        facts: vec![
            format!(
                "tile        {} x {} outputs, K in steps of {} in workgroup memory{buffers}, the next one in registers",
                matrix.tile_m, matrix.tile_n, matrix.tile_k
            ),
            format!(
                "subgroups   {} of {} lanes, {} x {} outputs each in matrices of {side} x {side}",
                matrix.subgroups(),
                Matrix::SUBGROUP_SIZE,
                matrix.subgroup_m,
                matrix.subgroup_n
            ),
        ],
        columns: matrix.tile_n,
        input_type: "vec4<f32>",
        weight_type: "u32",
        scale_loads: ScaleLoads::Single,
        values: Family::Matrix(Values {
            tile_m: matrix.tile_m,
            tile_n: matrix.tile_n,
            tile_k: matrix.tile_k,
            subgroup_m: matrix.subgroup_m,
            subgroup_n: matrix.subgroup_n,
            matrices_m: matrix.matrices_m(),
            matrices_n: matrix.matrices_n(),
            side,
            subgroup_size: Matrix::SUBGROUP_SIZE,
            direct_stores: matrix.side == MatrixSide::Eight,
            buffers: matrix.buffers,
            loads: TileLoads::new(
                matrix.input_loads(),
                matrix.weight_loads(),
                matrix.tile_k,
                threads,
            ),
        }),
    }
}
