//! The values of the staged GEMM.

use q4_kernel_types::{NumericClass, Staged};
use serde::Serialize;

use super::{Described, Family, ScaleLoads, TileLoads};

/// Outputs of a thread up to which the products of a step are unrolled: registers don't hold the operands of several k beside more of them, by measurement.
const UNROLLED_OUTPUTS: u32 = 64;

#[derive(Serialize)]
pub(super) struct Values {
    tile_m: u32,
    tile_n: u32,
    tile_k: u32,
    rows: u32,
    strip: u32,
    /// Whether the products of a step stand one after the other, without a loop.
    unrolled: bool,
    #[serde(flatten)]
    loads: TileLoads,
    /// Whether what is staged is rounded.
    numeric: NumericClass,
    /// The type of four staged elements.
    staged_type: &'static str,
}

pub(super) fn describe(staged: Staged, numeric: NumericClass) -> Described {
    let threads = staged.threads();
    Described {
        kind: "Staged GEMM",
        purpose: "",
        facts: vec![
            format!(
                "tile        {} x {} outputs, K in steps of {} in workgroup memory, the next one in registers",
                staged.tile_m, staged.tile_n, staged.tile_k
            ),
            format!(
                "threads     {threads}, {} x {} outputs each",
                staged.rows, staged.columns
            ),
        ],
        columns: staged.columns,
        input_type: "vec4<f32>",
        weight_type: "u32",
        scale_loads: ScaleLoads::Single,
        values: Family::Staged(Values {
            tile_m: staged.tile_m,
            tile_n: staged.tile_n,
            tile_k: staged.tile_k,
            rows: staged.rows,
            strip: Staged::STRIP,
            unrolled: staged.rows * staged.columns <= UNROLLED_OUTPUTS,
            loads: TileLoads::new(
                staged.input_loads(),
                staged.weight_loads(),
                staged.tile_k,
                threads,
            ),
            numeric,
            staged_type: match numeric {
                NumericClass::F16Multiply => "vec4<f16>",
                _ => "vec4<f32>",
            },
        }),
    }
}
