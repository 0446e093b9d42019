//! The values of the skinny kernel.

use q4_kernel_types::{Reduction, Skinny};
use serde::Serialize;

use super::{Described, Family, Nibble, ScaleLoads, Word, mantissa, word_type, words};

#[derive(Serialize)]
pub(super) struct Values {
    rows: u32,
    width: u32,
    columns_of_workgroup: u32,
    quad: u32,
    reduction: Reduction,
    /// The words that a lane loads of a row at once.
    words: Vec<Word>,
    /// What stages inputs, where they are.
    staged: Option<StagedInputs>,
    /// The variable that partial sums meet in.
    sums: &'static str,
    magic: u32,
    nibbles: [Nibble; 4],
    partials: u32,
    partial_stride: u32,
    rows_at_once: u32,
    /// The halvings of the rows between the lanes of a quad, and the masks of the lanes that then hold the same row.
    steps: Vec<Step>,
    rest: Vec<u32>,
    rounds: Vec<Round>,
}

/// Inputs of one step of all lanes in workgroup memory.
#[derive(Serialize)]
struct StagedInputs {
    /// Vectors of a row that a lane needs.
    vectors: u32,
    /// How far apart a lane's vectors are turned, so that lanes side by side store into different banks.
    turn: u32,
    /// What a lane stages, and whether some lanes have nothing to.
    items: Vec<StagedItem>,
    some_idle: bool,
}

/// A vector of inputs that a lane stages.
#[derive(Serialize)]
struct StagedItem {
    index: u32,
    /// The expression for its number among all that the workgroup stages.
    number: String,
}

/// Lanes that lie `mask` apart divide rows that lie `distance` apart.
#[derive(Serialize)]
struct Step {
    mask: u32,
    distance: u32,
    pairs: Vec<Pair>,
}

#[derive(Serialize)]
struct Pair {
    low: u32,
    high: u32,
}

/// Rows whose partial sums are in workgroup memory together.
#[derive(Serialize)]
struct Round {
    first: u32,
    rows: Vec<u32>,
    /// Those whose sums the first lane of a quad holds after all steps.
    kept: Vec<u32>,
}

pub(super) fn describe(skinny: Skinny) -> Described {
    let (steps, rest) = steps(skinny.rows);
    let shared_rows = 1 << steps.len();
    let reduction = match skinny.reduction {
        Reduction::Subgroup => "each lane of a quad finishes other rows, then workgroup memory",
        Reduction::Shared => "workgroup memory",
    };
    Described {
        kind: "Skinny kernel",
        purpose: ", for a few rows",
        facts: vec![
            format!(
                "geometry    {} lanes share {} output columns, {} of them x {} over K; {} columns x {} weights of a lane at a time",
                skinny.width,
                skinny.columns,
                skinny.lanes_n(),
                skinny.quads() * Skinny::QUAD,
                skinny.lane_columns,
                skinny.step(),
            ),
            format!("reduction   {reduction}"),
        ],
        columns: skinny.lane_columns,
        input_type: "vec4<f32>",
        weight_type: word_type(skinny.words),
        scale_loads: ScaleLoads::Blocks,
        values: Family::Skinny(Values {
            rows: skinny.rows,
            width: skinny.width,
            columns_of_workgroup: skinny.columns,
            quad: Skinny::QUAD,
            reduction: skinny.reduction,
            words: words(skinny.words),
            staged: skinny.staged.then(|| staged_inputs(&skinny)),
            sums: if skinny.staged { "tile" } else { "partial" },
            magic: mantissa::MAGIC,
            nibbles: mantissa::nibbles(),
            partials: skinny.partials(),
            partial_stride: skinny.partial_stride(),
            rows_at_once: skinny.rows_at_once(),
            steps,
            rest,
            rounds: rounds(skinny, shared_rows),
        }),
    }
}

/// Vectors of 16 bytes that all banks of workgroup memory serve at once.
const VECTORS_OF_BANKS: u32 = 8;

fn staged_inputs(skinny: &Skinny) -> StagedInputs {
    let item = |index| StagedItem {
        index,
        number: match index {
            0 => "lane".to_owned(),
            _ => format!("lane + {index}u * WIDTH"),
        },
    };
    StagedInputs {
        vectors: skinny.vectors(),
        turn: VECTORS_OF_BANKS / skinny.vectors(),
        items: (0..skinny.tile_vectors().div_ceil(skinny.width))
            .map(item)
            .collect(),
        some_idle: skinny.tile_vectors() < skinny.width,
    }
}

/// The lanes of a quad halve the rows as often as there are enough: first those two apart, then neighbours.
fn steps(rows: u32) -> (Vec<Step>, Vec<u32>) {
    let distances: &[u32] = if rows >= Skinny::QUAD { &[2, 1] } else { &[1] };
    let mut kept: Vec<u32> = (0..rows).collect();
    let mut masks = [1, 2].into_iter();
    let mut steps = Vec::new();
    for (&distance, mask) in distances.iter().zip(&mut masks) {
        kept.retain(|row| row & distance == 0);
        let pairs = kept
            .iter()
            .map(|&low| Pair {
                low,
                high: low + distance,
            })
            .collect();
        steps.push(Step {
            mask,
            distance,
            pairs,
        });
    }
    (steps, masks.collect())
}

fn rounds(skinny: Skinny, shared_rows: usize) -> Vec<Round> {
    let all: Vec<u32> = (0..skinny.rows).collect();
    all.chunks(skinny.rows_at_once().max(1) as usize)
        .map(|rows| Round {
            first: rows.first().copied().unwrap_or_default(),
            rows: rows.to_vec(),
            kept: rows.iter().copied().step_by(shared_rows).collect(),
        })
        .collect()
}
