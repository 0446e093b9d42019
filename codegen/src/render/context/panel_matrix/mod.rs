//! The values of the GEMM of cooperative matrices whose subgroups have panels of their own.

mod schedule;

use q4_kernel_types::{
    Configuration, GroupSize, InputFormat, Matrix, PanelMatrix, ScaleOrder, layout::WEIGHTS_PER_WORD,
};
use serde::Serialize;

use self::schedule::{Piece, Step, chains_loads, panel_pieces, step};
use super::{
    Described, Family, ScaleLoads, component,
    parts::{Part, parts, suffix},
    word_type,
};

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
    /// Whether some threads have nothing to store of their last one.
    some_load_less: bool,
    /// Whether the next loads wait for all of the last, see [`chains_loads`].
    chained: bool,
    /// Where the second tile of inputs begins.
    second_tile: u32,
    /// Vectors between rows, and between columns, in workgroup memory.
    padding: u32,
    /// Both tiles of inputs in workgroup memory, and whether a row of both lies in one piece.
    tiles: [Tile; 2],
    joined: bool,
    /// Matrices that are on their way to the output at once, and rounds in which those of all subgroups leave.
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
            input_loads: (0..matrix.input_loads_of_thread()).collect(),
            some_load_less: !matrix.input_loads().is_multiple_of(matrix.threads()),
            even_inputs: matrix
                .threads()
                .is_multiple_of(matrix.staged_k() / PanelMatrix::INPUTS),
            chained: chains_loads(matrix),
            second_tile: matrix.tile_start(1),
            padding: PanelMatrix::PADDING,
            tiles: tiles(matrix),
            joined: matrix.joins_tiles(),
            stored_at_once: matrix.stored_at_once(),
            store_rounds: matrix.store_rounds(),
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
