//! The values of the GEMM of cooperative matrices whose subgroups have panels of their own.

use std::ops::Range;

use q4_kernel_types::{
    Configuration, GroupSize, InputFormat, Matrix, PanelMatrix, ScaleOrder, layout::WEIGHTS_PER_WORD,
};
use serde::Serialize;

use super::{
    Described, Family, ScaleLoads, Word, component,
    parts::{Part, parts, suffix},
    word_type,
};

/// Loads of weights that are on their way or being dequantised.
const LOADS_AHEAD: u32 = 2;

/// Registers of a lane for sums and for inputs under way, of 255 that a device has, that leave none to load further ahead.
const FULL_REGISTERS: u32 = 160;

#[derive(Serialize)]
pub(super) struct Values {
    tile_m: u32,
    tile_n: u32,
    tile_k: u32,
    panel: u32,
    side: u32,
    subgroup_size: u32,
    load: u32,
    /// The columns of which a lane dequantises weights, and what it loads of them together with those that share them.
    lane_columns: Vec<LaneColumn>,
    stretch: u32,
    /// The parts of a load of weights that have a scale each.
    parts: Vec<Part>,
    /// Whether a lane loads the scales of [`PanelMatrix::SPAN`] k at once.
    scales_by_span: bool,
    span: u32,
    /// Whether it loads the one scale of a stretch, of one of its columns.
    scales_swapped: bool,
    /// Otherwise, the columns of which it loads a scale for each load of weights.
    scale_columns: Vec<ScaleColumn>,
    /// Whether groups are known to begin with a stretch, and most stretches with none: scales are loaded where one begins.
    long_groups: bool,
    inputs: u32,
    /// Whether they are rounded already.
    rounded_inputs: bool,
    /// Matrices of a subgroup.
    matrices_m: u32,
    matrices_n: u32,
    /// The loads of a thread of one tile of inputs, by number.
    input_loads: Vec<u32>,
    /// Whether all of them are of the same k, in rows that lie equally far apart.
    even_inputs: bool,
    /// Whether the next loads wait for all of the last, see [`chains_loads`].
    chained: bool,
    /// Where the second tile of inputs begins.
    second_tile: u32,
    /// Vectors between rows, and between columns, in workgroup memory.
    padding: u32,
    /// Both tiles of inputs in workgroup memory, and whether a row of both lies in one piece.
    tiles: [Tile; 2],
    joined: bool,
    /// Matrices that are on their way to the output at once, and how many times as many subgroups there are.
    stored_at_once: u32,
    store_rounds: u32,
    /// The panels of a subgroup, by number, and what is done before the first products.
    panels: Vec<u32>,
    first_pieces: Vec<Piece>,
    /// The barrier between writing a panel and reading it.
    barrier: &'static str,
    /// What the loop over K walks over at once, matrix by matrix along K.
    period: u32,
    /// Sets of subgroups that divide K, by number, and what the share of each is a multiple of.
    teams: Vec<u32>,
    divided: bool,
    /// What a thread adds of the matrices that meet in workgroup memory, by number.
    sums_of_thread: Vec<u32>,
    share_step: u32,
    steps: Vec<Step>,
}

/// A column of which a lane dequantises weights.
#[derive(Serialize)]
struct LaneColumn {
    index: u32,
    /// What the names of its values end with, and how to reach what belongs to it among what belongs to all: nothing where it is the only one.
    suffix: String,
    component: &'static str,
}

/// A column of which a lane loads scales for what it dequantises next.
#[derive(Serialize)]
struct ScaleColumn {
    suffix: String,
    /// The expression for its number.
    n: String,
}

/// A tile of inputs in workgroup memory.
#[derive(Clone, Copy, Serialize)]
struct Tile {
    /// The variable that it lies in.
    name: &'static str,
    /// Vectors before it in each row.
    vectors: u32,
}

/// The products of one matrix along K.
#[derive(Serialize)]
struct Step {
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
enum Piece {
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
enum SpanScales {
    Always,
    Never,
    /// Where the text walks over less than a span at once.
    AtItsBeginning,
}

pub(super) fn describe(matrix: PanelMatrix, configuration: &Configuration) -> Described {
    let group_size = configuration.group_size;
    let scales_by_span = group_size == GroupSize::Fixed(PanelMatrix::LOAD)
        && configuration.scales.order == ScaleOrder::Columns;
    // Groups of 96 begin within a stretch of 64.
    let whole_stretches =
        matches!(group_size, GroupSize::Fixed(size) if size.is_multiple_of(matrix.stretch()));
    let scales_swapped = matrix.lanes_of_column() > 1 && whole_stretches;
    let PanelMatrix {
        tile_m,
        tile_n,
        tile_k,
        inputs,
        panels,
        barrier,
        teams,
    } = matrix;
    let side = PanelMatrix::SIDE;
    let mut facts = vec![
        format!(
            "tile        {tile_m} x {tile_n} outputs; inputs of {tile_k} k in workgroup memory, as many stored meanwhile, and the next in registers"
        ),
        format!(
            "subgroups   {} of {} lanes, {tile_m} x {} outputs each in matrices of {side} x {side}; {panels} x {side} k of weights, behind a barrier of the {barrier}",
            matrix.subgroups(),
            Matrix::SUBGROUP_SIZE,
            PanelMatrix::PANEL,
        ),
    ];
    if teams > 1 {
        facts.push(format!(
            "teams       {teams} of {} subgroups, each with a share of K; the sums of all are added before they are stored",
            matrix.subgroups_of_team()
        ));
    }
    if inputs == InputFormat::F16 {
        facts.push(format!(
            "inputs      f16, rounded by a pass before this one; of every {}, elements {} in this order",
            InputFormat::F16_ORDER.len(),
            InputFormat::F16_ORDER
                .map(|element| element.to_string())
                .join(", ")
        ));
    }
    Described {
        kind: "GEMM of cooperative matrices, with weights of each subgroup's own",
        purpose: "",
        facts,
        columns: tile_n,
        input_type: match inputs {
            InputFormat::F32 => "vec4<f32>",
            // Words of two: drivers load 16 bytes at once where they are of 32 bits.
            InputFormat::F16 => "vec4<u32>",
        },
        weight_type: word_type(PanelMatrix::LOAD / WEIGHTS_PER_WORD),
        scale_loads: if scales_by_span {
            ScaleLoads::Groups
        } else {
            ScaleLoads::Single
        },
        values: Family::PanelMatrix(Values {
            tile_m,
            tile_n,
            tile_k,
            panel: PanelMatrix::PANEL,
            side,
            subgroup_size: Matrix::SUBGROUP_SIZE,
            load: PanelMatrix::LOAD,
            lane_columns: lane_columns(matrix),
            stretch: matrix.stretch(),
            parts: parts(group_size),
            scales_by_span,
            span: PanelMatrix::SPAN,
            scales_swapped,
            scale_columns: if scales_swapped {
                vec![ScaleColumn {
                    suffix: String::new(),
                    n: "scale_n".to_owned(),
                }]
            } else {
                let columns = lane_columns(matrix).into_iter();
                columns
                    .map(|LaneColumn { suffix, .. }| ScaleColumn {
                        n: format!("n{suffix}"),
                        suffix,
                    })
                    .collect()
            },
            long_groups: whole_stretches && group_size != GroupSize::Fixed(PanelMatrix::LOAD),
            inputs: PanelMatrix::INPUTS,
            rounded_inputs: inputs == InputFormat::F16,
            matrices_m: matrix.matrices_m(),
            matrices_n: matrix.matrices_n(),
            input_loads: (0..loads_of_a_thread(matrix)).collect(),
            even_inputs: matrix
                .threads()
                .is_multiple_of(matrix.staged_k() / PanelMatrix::INPUTS),
            chained: chains_loads(matrix),
            second_tile: matrix.tile_start(1),
            padding: PanelMatrix::PADDING,
            tiles: tiles(matrix),
            joined: matrix.joins_tiles(),
            stored_at_once: matrix.stored_at_once(),
            store_rounds: matrix.subgroups() / matrix.stored_at_once(),
            panels: (0..panels).collect(),
            first_pieces: (0..panels)
                .flat_map(|step| panel_pieces(matrix, group_size, step))
                .collect(),
            barrier: barrier.name(),
            period: matrix.period(),
            teams: (0..teams).collect(),
            divided: teams > 1,
            sums_of_thread: (0..matrix.sums() / matrix.threads()).collect(),
            share_step: matrix.share_step(),
            steps: (0..matrix.period() / side)
                .map(|index| step(matrix, group_size, index))
                .collect(),
        }),
    }
}

fn loads_of_a_thread(matrix: PanelMatrix) -> u32 {
    matrix.input_loads() / matrix.threads()
}

/// Whether the next loads wait for all of the last: where registers are full, so that compilers which load further ahead spill others or wait for both at once.
/// Smaller tiles are over before what was loaded for the next one arrives, and lose by it.
fn chains_loads(matrix: PanelMatrix) -> bool {
    let sums = matrix.tile_m * PanelMatrix::PANEL / Matrix::SUBGROUP_SIZE;
    let inputs = loads_of_a_thread(matrix) * PanelMatrix::INPUTS / 2;
    matrix.inputs == InputFormat::F16 && matrix.tile_k == matrix.stretch() && sums + inputs >= FULL_REGISTERS
}

/// Both tiles of inputs, each in a variable of its own where there is room for that.
fn tiles(matrix: PanelMatrix) -> [Tile; 2] {
    let vectors = matrix.staged_k() / PanelMatrix::VECTOR;
    if matrix.joins_tiles() {
        [0, vectors].map(|vectors| Tile {
            name: "x_tiles",
            vectors,
        })
    } else {
        ["x_tile_0", "x_tile_1"].map(|name| Tile { name, vectors: 0 })
    }
}

/// A lane has as many columns as there are lanes that share one.
fn lane_columns(matrix: PanelMatrix) -> Vec<LaneColumn> {
    let count = matrix.lanes_of_column();
    (0..count)
        .map(|index| LaneColumn {
            index,
            suffix: suffix(index, count),
            component: component(index, count),
        })
        .collect()
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

fn step(matrix: PanelMatrix, group_size: GroupSize, index: u32) -> Step {
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

/// What fills the panel of a step: weights are taken where a load of them begins, and the load behind it is on its way from then on.
fn panel_pieces(matrix: PanelMatrix, group_size: GroupSize, step: u32) -> Vec<Piece> {
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
