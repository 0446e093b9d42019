//! The values of the persistent GEMV.

use q4_kernel_types::{Configuration, Gemv, NumericClass, Reduction};
use serde::Serialize;

use super::{
    Described, Family, ScaleLoads, Word,
    parts::{Part, parts},
    word_type, words,
};

#[derive(Serialize)]
pub(super) struct Values {
    width: u32,
    reduction: Reduction,
    numeric: NumericClass,
    /// The words of a chunk.
    words: Vec<Word>,
    /// The parts of a chunk that have a scale each.
    parts: Vec<Part>,
    /// Whether they pass through workgroup memory, and the halves of a chunk in which they do.
    staged: bool,
    halves_of_chunk: [u32; 2],
    words_of_half: Vec<Word>,
    /// The chunks of the input that a lane keeps.
    residents: Vec<u32>,
    /// Whether some lanes may have no part of K in a resident chunk.
    masked_lanes: bool,
    min_subgroup_size: u32,
    /// The sums of the first and of the second half of a lane's columns, pair by pair.
    halves: Vec<Pair>,
    /// The same of what is left after that.
    quarter: Pair,
    /// The columns that a lane is left with in the end.
    total_components: Vec<Word>,
}

/// Two expressions, of which a lane keeps one and gives the other away.
#[derive(Serialize)]
struct Pair {
    index: u32,
    low: String,
    high: String,
}

pub(super) fn describe(gemv: Gemv, configuration: &Configuration) -> Described {
    let input = match gemv.resident {
        0 => "read anew for every block".to_owned(),
        1 => "one chunk a lane, in registers".to_owned(),
        chunks => format!("{chunks} chunks a lane, in registers"),
    };
    let input = if gemv.staged && gemv.resident > 0 {
        format!("{input}, by way of workgroup memory")
    } else {
        input
    };
    let (halves, quarter) = halving(gemv.columns);
    Described {
        kind: "Persistent GEMV",
        purpose: match configuration.numeric {
            NumericClass::Int8Activations => " and 8-bit inputs, for one row",
            _ => ", for one row",
        },
        facts: vec![
            format!(
                "geometry    {} lanes share {} output columns over K, {} weights of each at a time",
                gemv.width,
                gemv.columns,
                Gemv::CHUNK
            ),
            format!("input       {input}"),
            format!("reduction   {}", super::reduction_meaning(gemv.reduction)),
        ],
        columns: gemv.columns,
        input_type: "vec4<f32>",
        weight_type: word_type(Gemv::WORDS),
        scale_loads: ScaleLoads::Blocks,
        values: Family::Gemv(Values {
            width: gemv.width,
            reduction: gemv.reduction,
            numeric: configuration.numeric,
            words: words(Gemv::WORDS),
            parts: parts(configuration.group_size),
            staged: gemv.staged && gemv.resident > 0,
            halves_of_chunk: [0, 1],
            words_of_half: words(Gemv::WORDS / 2),
            residents: (0..gemv.resident).collect(),
            masked_lanes: gemv.resident > 0
                && configuration.k != Some(gemv.resident * gemv.width * Gemv::CHUNK),
            min_subgroup_size: Reduction::SMALLEST_SUBGROUP,
            halves,
            quarter,
            total_components: words(gemv.columns / Reduction::SMALLEST_SUBGROUP),
        }),
    }
}

/// How `columns` sums, in vectors `sum_0`, `sum_1` and so on of four, are halved twice.
fn halving(columns: u32) -> (Vec<Pair>, Pair) {
    let pair = |index: u32, low: &str, high: &str| Pair {
        index,
        low: low.to_owned(),
        high: high.to_owned(),
    };
    match columns {
        4 => (
            vec![pair(0, "sum_0.xy", "sum_0.zw")],
            pair(0, "half_0.x", "half_0.y"),
        ),
        8 => (vec![pair(0, "sum_0", "sum_1")], pair(0, "half_0.xy", "half_0.zw")),
        _ => (
            vec![pair(0, "sum_0", "sum_2"), pair(1, "sum_1", "sum_3")],
            pair(0, "half_0", "half_1"),
        ),
    }
}
