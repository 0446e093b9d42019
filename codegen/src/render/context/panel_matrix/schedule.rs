//! What the subgroups of a panel GEMM do between their products, and in which order.

use std::ops::Range;

use q4_kernel_types::{GroupSize, InputFormat, Matrix, PanelMatrix, layout::WEIGHTS_PER_WORD};
use serde::Serialize;

use super::{
    super::{
        Word,
        parts::{Part, parts},
    },
    LaneColumn, Tile, lane_columns, tiles,
};

/// Loads of weights that are on their way or being dequantised.
const LOADS_AHEAD: u32 = 2;

/// Registers of a lane for sums and for inputs under way, of 255 that a device has, that leave none to load further ahead.
const FULL_REGISTERS: u32 = 160;

/// The products of one matrix along K.
#[derive(Serialize)]
pub(super) struct Step {
    /// Which of the panels, and the tile of inputs.
    panel: u32,
    tile: Tile,
    /// Vectors of a staged row before its inputs.
    vectors: u32,
    /// Whether a tile of inputs ends with it.
    ends_tile: bool,
    /// What is done behind the products of each matrix along M.
    between: Vec<Vec<Piece>>,
}

/// A piece of what is prepared while matrices are multiplied.
#[derive(Serialize)]
#[serde(tag = "does", rename_all = "snake_case")]
pub(super) enum Piece {
    /// Dequantises a word into a panel.
    Dequantize {
        panel: u32,
        /// The suffixes of its column and of its part of the load.
        column: String,
        part: String,
        #[serde(flatten)]
        word: Word,
    },
    /// Takes the weights that have arrived, those of so many k ahead of the loop.
    TakeWeights { arrived: u32 },
    /// Loads others, so many k ahead of the loop.
    LoadWeights {
        ahead: u32,
        /// Whether scales are loaded with them: always, or where the loop is at the beginning of a span.
        scales: SpanScales,
    },
    /// Stores a thread's loads of inputs in the tile that is not read, and loads others, so many k ahead of the loop.
    StageInputs { tile: Tile, ahead: u32 },
}

/// When the scales of a span are loaded with weights.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SpanScales {
    Always,
    Never,
    /// Where the text walks over less than a span at once.
    AtItsBeginning,
}

/// The products of one matrix along K, of those that the text walks over at once.
pub(super) fn step(matrix: PanelMatrix, group_size: GroupSize, index: u32) -> Step {
    let k = index * PanelMatrix::SIDE;
    let end = k + PanelMatrix::SIDE;
    let [first, second] = tiles(matrix);
    let tile = if k < matrix.tile_k { first } else { second };
    Step {
        panel: index % matrix.panels,
        tile,
        vectors: tile.vectors + k % matrix.tile_k / PanelMatrix::VECTOR,
        ends_tile: end.is_multiple_of(matrix.tile_k),
        between: if chains_loads(matrix) {
            gather(pieces(matrix, group_size, index), matrix.matrices_m())
        } else {
            spread(pieces(matrix, group_size, index), matrix.matrices_m(), |share| {
                share.start
            })
        },
    }
}

/// What is prepared during a step: the panel that it leaves, for a later one, and once in a tile the next one of inputs.
fn pieces(matrix: PanelMatrix, group_size: GroupSize, step: u32) -> Vec<Piece> {
    let mut pieces = panel_pieces(matrix, group_size, step + matrix.panels);
    if step % (matrix.tile_k / PanelMatrix::SIDE) == staging_step(matrix) {
        let tile = step * PanelMatrix::SIDE / matrix.tile_k;
        let [first, second] = tiles(matrix);
        pieces.push(Piece::StageInputs {
            tile: if tile == 0 { second } else { first },
            ahead: matrix.tile_start(tile + 2),
        });
    }
    pieces
}

/// What fills the panel of a step: weights are taken where a load of them begins, and the load behind it is on its way from then on.
pub(super) fn panel_pieces(matrix: PanelMatrix, group_size: GroupSize, step: u32) -> Vec<Piece> {
    let k = step * PanelMatrix::SIDE;
    let stretch = matrix.stretch();
    let mut pieces = words_of_step(matrix, group_size, step);
    if step > 0 && k.is_multiple_of(stretch) {
        pieces.insert(0, Piece::TakeWeights { arrived: k });
        let ahead = k + (LOADS_AHEAD - 1) * stretch;
        let span = PanelMatrix::SPAN;
        pieces.push(Piece::LoadWeights {
            ahead,
            scales: if !matrix.period().is_multiple_of(span) {
                SpanScales::AtItsBeginning
            } else if ahead.is_multiple_of(span) {
                SpanScales::Always
            } else {
                SpanScales::Never
            },
        });
    }
    pieces
}

/// What dequantises the words that a panel holds at a step, of the loads that they are part of.
fn words_of_step(matrix: PanelMatrix, group_size: GroupSize, step: u32) -> Vec<Piece> {
    let panel = step % matrix.panels;
    let words_of_column = PanelMatrix::SIDE / WEIGHTS_PER_WORD / matrix.lanes_of_column();
    let panels_of_load = matrix.stretch() / PanelMatrix::SIDE;
    let first = step % panels_of_load * words_of_column;
    let pieces_of = |column: &LaneColumn| {
        let words = words_of_load(group_size).skip(first as usize);
        words
            .zip(0..words_of_column)
            .map(|((part, word), index)| Piece::Dequantize {
                panel,
                column: column.suffix.clone(),
                part,
                word: Word { index, ..word },
            })
            .collect::<Vec<_>>()
    };
    lane_columns(matrix).iter().flat_map(pieces_of).collect()
}

/// All words of a load, each with the suffix of its part.
fn words_of_load(group_size: GroupSize) -> impl Iterator<Item = (String, Word)> {
    parts(group_size)
        .into_iter()
        .flat_map(|Part { suffix, words, .. }| {
            let words = words.into_iter();
            words.map(move |word| (suffix.clone(), word))
        })
}

/// Whether the next loads wait for all of the last: where registers are full, so that compilers which load further ahead spill others or wait for both at once.
/// Smaller tiles are over before what was loaded for the next one arrives, and lose by it.
pub(super) fn chains_loads(matrix: PanelMatrix) -> bool {
    let sums = matrix.tile_m * PanelMatrix::PANEL / Matrix::SUBGROUP_SIZE;
    let inputs = matrix.input_loads_of_thread() * PanelMatrix::INPUTS / 2;
    matrix.inputs == InputFormat::F16 && matrix.tile_k == matrix.stretch() && sums + inputs >= FULL_REGISTERS
}

/// The step of a tile that stages the next one: the one in the middle, where what was loaded has had half a tile to arrive, and barriers are as far away as they can
/// be. Where loads wait for each other, it is the one that takes weights, so that there is one place to wait for all of them.
fn staging_step(matrix: PanelMatrix) -> u32 {
    let steps_of_tile = matrix.tile_k / PanelMatrix::SIDE;
    if chains_loads(matrix) {
        (steps_of_tile - matrix.panels % steps_of_tile) % steps_of_tile
    } else {
        steps_of_tile / 2
    }
}

/// Places what waits for loads behind the products of the first matrix, and spreads the words of a panel over those of all, each as late as its share of them allows:
/// what is stored holds up the inputs that are loaded behind it.
fn gather(pieces: Vec<Piece>, matrices: u32) -> Vec<Vec<Piece>> {
    let (words, mut loads): (Vec<Piece>, Vec<Piece>) = pieces
        .into_iter()
        .partition(|piece| matches!(piece, Piece::Dequantize { .. }));
    // Inputs, which are many, before weights.
    loads.sort_by_key(|piece| matches!(piece, Piece::LoadWeights { .. }));
    let mut between = spread(words, matrices, |share| share.end.saturating_sub(1));
    if let Some(first) = between.first_mut() {
        first.splice(0..0, loads);
    }
    between
}

/// Spreads pieces evenly over the products of so many matrices, at a place of the share of each, and none behind the last: there a barrier follows.
fn spread(pieces: Vec<Piece>, matrices: u32, place: impl Fn(Range<usize>) -> usize) -> Vec<Vec<Piece>> {
    let count = pieces.len();
    let places = (matrices as usize).saturating_sub(1).max(1);
    let mut between: Vec<Vec<Piece>> = (0..matrices).map(|_| Vec::new()).collect();
    for (number, piece) in pieces.into_iter().enumerate() {
        let share = number * places / count..(number + 1) * places / count;
        if let Some(between) = between.get_mut(place(share)) {
            between.push(piece);
        }
    }
    between
}

#[cfg(test)]
mod tests {
    use q4_kernel_types::{PanelBarrier, load};

    use super::*;

    #[test]
    fn a_tile_of_inputs_is_staged_once_while_the_one_before_is_multiplied() {
        for tile_k in PanelMatrix::TILE_K {
            for tile_n in [64, 128, 256] {
                let matrix = PanelMatrix {
                    tile_n,
                    tile_k,
                    ..PanelMatrix::DEFAULT
                };
                let steps: Vec<Step> = (0..tile_k / PanelMatrix::SIDE)
                    .map(|index| step(matrix, GroupSize::Runtime, index))
                    .collect();
                let pieces = steps.iter().flat_map(|step| step.between.iter().flatten());
                let staged = pieces.filter(|piece| matches!(piece, Piece::StageInputs { .. }));
                assert_eq!(staged.count(), 1, "{matrix}");
                assert_eq!(steps.iter().filter(|step| step.ends_tile).count(), 1, "{matrix}");
            }
        }
    }

    #[test]
    fn nothing_stands_between_the_last_products_and_the_barrier() {
        for tile_m in [32, 64, 128] {
            let matrix = PanelMatrix {
                tile_m,
                barrier: PanelBarrier::Workgroup,
                ..PanelMatrix::DEFAULT
            };
            for index in 0..matrix.period() / PanelMatrix::SIDE {
                let between = step(matrix, GroupSize::Runtime, index).between;
                assert_eq!(between.len(), matrix.matrices_m() as usize);
                assert!(between.last().is_some_and(Vec::is_empty), "{matrix}");
            }
        }
    }

    #[test]
    fn loads_are_chained_where_registers_are_full_and_nowhere_else() {
        let tile = |tile_m, tile_n| PanelMatrix {
            tile_m,
            tile_n,
            ..PanelMatrix::DEFAULT_ROUNDED
        };
        assert!(chains_loads(tile(128, 128)));
        assert!(!chains_loads(PanelMatrix::DEFAULT_ROUNDED));
        for matrix in [tile(64, 64), tile(64, 128), tile(64, 256)] {
            assert!(!chains_loads(matrix), "{matrix}");
        }
        for matrix in PanelMatrix::DIVIDED
            .into_iter()
            .chain(PanelMatrix::DIVIDED_EVERYWHERE)
        {
            assert!(!chains_loads(matrix), "{matrix}");
        }
    }

    #[test]
    fn chained_loads_stand_behind_everything_that_they_wait_for() {
        for panels in [1, 2] {
            let matrix = PanelMatrix {
                tile_n: 128,
                panels,
                ..PanelMatrix::DEFAULT_ROUNDED
            };
            assert!(chains_loads(matrix));
            let steps = 0..matrix.period() / PanelMatrix::SIDE;
            let renewed: Vec<Vec<Piece>> = steps
                .map(|index| step(matrix, GroupSize::Fixed(32), index).between)
                .flat_map(|between| between.into_iter().take(1))
                .filter(|pieces| !pieces.is_empty())
                .collect();
            assert_eq!(renewed.len(), 2, "once in each of two tiles");
            for pieces in renewed {
                assert!(matches!(
                    pieces[..],
                    [
                        Piece::TakeWeights { .. },
                        Piece::StageInputs { .. },
                        Piece::LoadWeights { .. }
                    ]
                ));
            }
        }
    }

    #[test]
    fn every_word_is_dequantised_with_the_scale_of_its_group() {
        let [short] = load::SHORT_GROUPS;
        let scales = |tile_k, group_size| -> Vec<(String, &str, String)> {
            let matrix = PanelMatrix {
                tile_k,
                ..PanelMatrix::DEFAULT_ROUNDED
            };
            let steps = 0..matrix.stretch() / PanelMatrix::SIDE;
            let pieces = steps.flat_map(|step| panel_pieces(matrix, group_size, step));
            pieces
                .filter_map(|piece| match piece {
                    Piece::Dequantize {
                        column, part, word, ..
                    } => Some((column, word.component, part)),
                    _ => None,
                })
                .collect()
        };
        let expected = |columns: &[&str], parts: [&str; 4]| -> Vec<(String, &str, String)> {
            let words = [".x", ".y", ".z", ".w"].into_iter().zip(parts);
            words
                .flat_map(|(word, part)| {
                    let columns = columns.iter();
                    columns.map(move |column| ((*column).to_owned(), word, part.to_owned()))
                })
                .collect()
        };
        for (tile_k, columns) in [(48, &[""][..]), (32, &["_0", "_1"]), (64, &["_0", "_1"])] {
            assert_eq!(
                scales(tile_k, GroupSize::Fixed(short)),
                expected(columns, ["_0", "_0", "_1", "_1"])
            );
            assert_eq!(scales(tile_k, GroupSize::Runtime), expected(columns, [""; 4]));
        }
    }
}
