//! The values of the staged GEMM.

use q4_kernel_types::{NumericClass, Staged};
use serde::Serialize;

use super::{COMPONENTS, Described, Family, ScaleLoads, TileLoads};

#[derive(Serialize)]
pub(super) struct Values {
    tile_m: u32,
    tile_n: u32,
    tile_k: u32,
    rows: u32,
    strip: u32,
    #[serde(flatten)]
    loads: TileLoads,
    /// Whether what is staged is rounded.
    numeric: NumericClass,
    /// The type of four staged elements.
    staged_type: &'static str,
    components: [&'static str; 4],
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
            components: COMPONENTS,
        }),
    }
}
