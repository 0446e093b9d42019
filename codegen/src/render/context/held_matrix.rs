//! The values of the kernel that holds the inputs of a few rows as cooperative matrices.

use q4_kernel_types::{Configuration, HeldMatrix, Matrix, layout::WEIGHTS_PER_WORD};
use serde::Serialize;

use super::{
    Described, Family, ScaleLoads,
    parts::{Part, parts},
    word_type,
};

#[derive(Serialize)]
pub(super) struct Values {
    side: u32,
    subgroup_size: u32,
    subgroups: u32,
    held: u32,
    /// Elements of K that a lane loads at once, and the parts of a load that have a scale each.
    load: u32,
    parts: Vec<Part>,
    /// The columns of a block that a lane loads weights of, which stand where the rows of its inputs do.
    columns: Vec<Row>,
    /// The same rows: those of the first eight, and the others.
    row_halves: [Vec<Row>; 2],
    /// What a lane loads of a row.
    quads: Vec<Quad>,
    /// What lanes swap of a row until each has the inputs of its own weights.
    swaps: Vec<Swap>,
    /// What passes through the tile, one after the other.
    steps: Vec<Step>,
}

/// A row of the tile that a lane writes.
#[derive(Clone, Serialize)]
struct Row {
    index: u32,
    /// Rows after the first one that the lane writes.
    row: u32,
}

/// Four neighbouring inputs.
#[derive(Serialize)]
struct Quad {
    index: u32,
    /// Vectors of inputs after the first one that the lane loads.
    vector: u32,
}

/// Lanes whose numbers differ by the bits of `mask` swap a quad for another.
#[derive(Serialize)]
struct Swap {
    mask: u32,
    lower: u32,
    upper: u32,
}

/// Half of a word of each column of a lane.
#[derive(Serialize)]
struct Step {
    component: &'static str,
    /// The suffix of its part of the load.
    part: String,
    half: Half,
    /// The first of the two quads of inputs that the word meets.
    quad: u32,
    matrices: Vec<HeldOperand>,
}

/// Which four weights of a word.
#[derive(Clone, Copy, Serialize)]
struct Half {
    index: u32,
    name: &'static str,
    /// What brings the nibbles of its pairs lowest, and which component of both quads has its inputs, where weights leave a word in pairs.
    shift: &'static str,
    pair: &'static str,
}

const HALVES: [Half; 2] = [
    Half {
        index: 0,
        name: "low",
        shift: "",
        pair: "x",
    },
    Half {
        index: 1,
        name: "high",
        shift: " >> 8u",
        pair: "y",
    },
];

/// A matrix of inputs by its number, and its place among those that pass through the tile at once.
#[derive(Serialize)]
struct HeldOperand {
    index: u32,
    held: u32,
}

pub(super) fn describe(matrix: HeldMatrix, configuration: &Configuration) -> Described {
    let HeldMatrix { subgroups, held, .. } = matrix;
    let words_at_once = HeldMatrix::LOAD / WEIGHTS_PER_WORD;
    let parts = parts(configuration.group_size);
    let rows = rows(matrix);
    let (first, second) = rows.split_at(rows.len() / 2);
    Described {
        kind: "Held cooperative matrices",
        purpose: ", for a few rows",
        facts: vec![
            format!(
                "inputs      {} rows in matrices of {} x {}, K in passes of {}",
                HeldMatrix::ROWS,
                HeldMatrix::ROWS,
                HeldMatrix::COLUMNS,
                matrix.pass()
            ),
            format!(
                "subgroups   {subgroups} of {} lanes divide K, each holds {held} of the matrices while blocks of {} columns pass",
                Matrix::SUBGROUP_SIZE,
                HeldMatrix::COLUMNS
            ),
        ],
        columns: HeldMatrix::COLUMNS,
        input_type: "vec4<f32>",
        weight_type: word_type(words_at_once),
        scale_loads: ScaleLoads::Single,
        values: Family::HeldMatrix(Values {
            side: HeldMatrix::ROWS,
            subgroup_size: Matrix::SUBGROUP_SIZE,
            subgroups,
            held,
            load: HeldMatrix::LOAD,
            row_halves: [first.to_vec(), second.to_vec()],
            columns: rows,
            quads: quads(matrix),
            swaps: swaps(matrix),
            steps: steps(matrix, &parts),
            parts,
        }),
    }
}

/// The rows of the tile that a lane writes: lanes of neighbouring numbers begin with those of the first eight, and every eight of them are alike.
fn rows(matrix: HeldMatrix) -> Vec<Row> {
    let count = matrix.columns_of_lane();
    let of_half = count / 2;
    let row = |index| Row {
        index,
        row: index / of_half * (HeldMatrix::ROWS / 2) + index % of_half * 2,
    };
    (0..count).map(row).collect()
}

/// As many quads as a load has weights for. Lanes of a column load neighbours, of one lane's weights at a time: it has them when all have swapped.
fn quads(matrix: HeldMatrix) -> Vec<Quad> {
    let (lanes, of_lane) = (matrix.lanes_of_column(), quads_of_lane());
    let quad = |index| Quad {
        index,
        vector: index % lanes * of_lane + index / lanes * lanes,
    };
    (0..of_lane).map(quad).collect()
}

const fn quads_of_lane() -> u32 {
    HeldMatrix::LOAD / HeldMatrix::K_OF_LANE
}

/// A transposition of as many quads as lanes share a column, by halves, by halves of halves and so on.
fn swaps(matrix: HeldMatrix) -> Vec<Swap> {
    let masks = (0..matrix.lanes_of_column().ilog2()).map(|bit| 1 << bit);
    masks
        .flat_map(|mask| {
            let lower = (0..quads_of_lane()).filter(move |quad| quad & mask == 0);
            lower.map(move |lower| Swap {
                mask,
                lower,
                upper: lower | mask,
            })
        })
        .collect()
}

/// The words of a load by halves, with the matrices of inputs that they meet.
fn steps(matrix: HeldMatrix, parts: &[Part]) -> Vec<Step> {
    let at_once = matrix.matrices_at_once();
    let words = parts
        .iter()
        .flat_map(|part| part.words.iter().map(move |word| (part, word)));
    words
        .flat_map(|(part, word)| {
            HALVES.map(|half| Step {
                component: word.component,
                part: part.suffix.clone(),
                half,
                quad: word.index * 2,
                matrices: (0..at_once)
                    .map(|index| HeldOperand {
                        index,
                        held: (word.index * 2 + half.index) * at_once + index,
                    })
                    .collect(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each() -> [HeldMatrix; 2] {
        HeldMatrix::HELD.map(|held| HeldMatrix {
            held,
            ..HeldMatrix::DEFAULT
        })
    }

    #[test]
    fn lanes_that_have_swapped_have_the_inputs_of_their_own_weights_in_order() {
        for matrix in each() {
            let lanes = matrix.lanes_of_column();
            // Which quads of the subgroup's share each lane has.
            let mut has: Vec<Vec<u32>> = (0..lanes)
                .map(|lane| quads(matrix).iter().map(|quad| quad.vector + lane).collect())
                .collect();
            for Swap { mask, lower, upper } in swaps(matrix) {
                for lane in (0..lanes).filter(|lane| lane & mask == 0) {
                    let [one, other] = [lane, lane | mask].map(|lane| lane as usize);
                    let sent = has[one][upper as usize];
                    has[one][upper as usize] = has[other][lower as usize];
                    has[other][lower as usize] = sent;
                }
            }
            let own: Vec<u32> = has.into_iter().flatten().collect();
            assert_eq!(
                own,
                (0..lanes * quads_of_lane()).collect::<Vec<_>>(),
                "{matrix:?}"
            );
        }
    }

    #[test]
    fn lanes_write_every_row_of_a_tile_once_and_meet_every_held_matrix_once() {
        for matrix in each() {
            let lanes = matrix.lanes_of_column();
            // As the kernel numbers them.
            let (half, rows_of_half) = (Matrix::SUBGROUP_SIZE / 2, HeldMatrix::ROWS / 2);
            let first = |lane: u32| lane % half / lanes * (rows_of_half / (half / lanes)) + lane / half;
            let mut written: Vec<u32> = (0..Matrix::SUBGROUP_SIZE)
                .step_by(lanes as usize)
                .flat_map(|lane| rows(matrix).into_iter().map(move |row| first(lane) + row.row))
                .collect();
            written.sort_unstable();
            assert_eq!(written, (0..HeldMatrix::ROWS).collect::<Vec<_>>(), "{matrix:?}");
            let steps = steps(matrix, &parts(q4_kernel_types::GroupSize::Fixed(32)));
            let held = steps
                .iter()
                .flat_map(|step| step.matrices.iter().map(|matrix| matrix.held));
            assert!(held.eq(0..matrix.held), "{matrix:?}");
        }
    }
}
