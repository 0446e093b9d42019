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
    padding: u32,
    /// Sets of threads that divide K, by number, and the vectors of sums that a thread adds of all of them, likewise.
    teams: Vec<u32>,
    divided: bool,
    totals: Vec<u32>,
    /// Whether the products of a step stand one after the other, without a loop.
    unrolled: bool,
    /// Whether they take operands that were loaded before, and load the next.
    ahead: bool,
    #[serde(flatten)]
    loads: TileLoads,
    /// Whether what is staged is rounded.
    numeric: NumericClass,
    /// The type of four staged elements.
    staged_type: &'static str,
}

pub(super) fn describe(staged: Staged, numeric: NumericClass) -> Described {
    Described {
        kind: "Staged GEMM",
        purpose: "",
        facts: vec![
            format!(
                "tile        {} x {} outputs, K in steps of {} in workgroup memory, the next one in registers",
                staged.tile_m, staged.tile_n, staged.tile_k
            ),
            format!(
                "threads     {}, {} x {} outputs each{}{}",
                staged.threads(),
                staged.rows,
                staged.columns,
                match staged.teams {
                    1 => String::new(),
                    teams => format!(", in {teams} teams that divide K and add their sums"),
                },
                if staged.ahead {
                    "; the next operands are on their way while these are multiplied"
                } else {
                    ""
                }
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
            padding: Staged::PADDING,
            teams: (0..staged.teams).collect(),
            divided: staged.teams > 1,
            totals: (0..staged.sums() / staged.teams).collect(),
            unrolled: staged.rows * staged.columns <= UNROLLED_OUTPUTS,
            ahead: staged.ahead,
            loads: TileLoads::new(
                staged.input_loads(),
                staged.weight_loads(),
                staged.tile_k,
                staged.threads_of_team(),
            ),
            numeric,
            staged_type: match numeric {
                NumericClass::F16Multiply => "vec4<f16>",
                _ => "vec4<f32>",
            },
        }),
    }
}
