//! The values of the kernel of cooperative matrices for a few rows.

use q4_kernel_types::{GroupSize, Matrix, SkinnyMatrix, layout::WEIGHTS_PER_WORD};
use serde::Serialize;

use super::{
    Described, Family, Nibble, ScaleLoads, mantissa,
    parts::{Part, parts},
    word_type,
};

/// Rows of workgroup memory that begin in different banks: those that a phase of eight lanes, each with 16 bytes, reads or writes.
const NEIGHBOURS: u32 = 8;

#[derive(Serialize)]
pub(super) struct Values {
    side: u32,
    tile_k: u32,
    subgroup_size: u32,
    subgroups: u32,
    load: u32,
    neighbours: u32,
    /// Matrices along the columns.
    matrices: u32,
    /// The loads of a thread in one step, by number: of 16 bytes of weights, and of four inputs.
    weight_loads: Vec<u32>,
    input_loads: Vec<u32>,
    /// The steps that are on their way, by number.
    stages: Vec<u32>,
    /// The parts of a load of weights that have a scale each.
    parts: Vec<Part>,
    magic: u32,
    nibbles: [Nibble; 4],
}

pub(super) fn describe(matrix: SkinnyMatrix, group_size: GroupSize) -> Described {
    let SkinnyMatrix {
        columns,
        tile_k,
        subgroups,
        ahead,
    } = matrix;
    let side = SkinnyMatrix::ROWS;
    Described {
        kind: "Cooperative matrices",
        purpose: ", for a few rows",
        facts: vec![
            format!(
                "tile        {side} x {columns} outputs, K in steps of {tile_k} in workgroup memory, {ahead} more in registers"
            ),
            format!(
                "subgroups   {subgroups} of {} lanes divide K, in matrices of {side} x {side}",
                Matrix::SUBGROUP_SIZE
            ),
        ],
        columns,
        input_type: "vec4<f32>",
        weight_type: word_type(SkinnyMatrix::LOAD / WEIGHTS_PER_WORD),
        scale_loads: ScaleLoads::Single,
        values: Family::SkinnyMatrix(Values {
            side,
            tile_k,
            subgroup_size: Matrix::SUBGROUP_SIZE,
            subgroups,
            load: SkinnyMatrix::LOAD,
            neighbours: NEIGHBOURS,
            matrices: matrix.matrices(),
            weight_loads: (0..matrix.weight_loads()).collect(),
            input_loads: (0..matrix.input_loads()).collect(),
            stages: (0..ahead).collect(),
            parts: parts(group_size),
            magic: mantissa::MAGIC,
            nibbles: mantissa::nibbles(),
        }),
    }
}
