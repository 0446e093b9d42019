//! The values of the streaming kernel.

use q4_kernel_types::{Configuration, GroupSize, Reduction, ScaleFormat, ScaleOrder, Stream};
use serde::Serialize;

use super::{
    Described, Family, ScaleLoads, Word,
    parts::{Part, parts},
    word_type, words,
};

/// Elements of a vector of the input.
const VECTOR: u32 = 4;

#[derive(Serialize)]
pub(super) struct Values {
    rows: u32,
    width: u32,
    /// Teams that divide K.
    split: u32,
    min_subgroup_size: u32,
    reduction: Reduction,
    /// The words of a chunk.
    words: Vec<Word>,
    /// The parts of a chunk that have a scale each.
    parts: Vec<Part>,
    /// The chunks of a row that workgroup memory holds, whether a longer input passes through it in slices, and the vectors of it that a lane copies.
    held: u32,
    slices: bool,
    copies: Vec<Copy>,
    /// The expression for the lanes of a team that have chunks in a step, and whether those may be fewer than all.
    step_lanes: &'static str,
    idle_lanes: bool,
    /// The type of as many indices as columns.
    row_type: &'static str,
    /// Whether there is a scale for each chunk, in the order of the chunks.
    scales_like_chunks: bool,
    /// The lanes of a team that is no subgroup.
    team: u32,
    /// The expressions for the lanes of a team and the teams of a workgroup.
    team_lanes: &'static str,
    teams: &'static str,
}

/// A vector of the input that every lane copies to workgroup memory.
#[derive(Serialize)]
struct Copy {
    index: u32,
    row: u32,
    /// How many times as many vectors of the row as there are lanes come before those of this copy.
    widths: u32,
}

fn copies(stream: Stream) -> Vec<Copy> {
    let row = stream.held * Stream::CHUNK / VECTOR;
    (0..stream.rows * row / stream.width)
        .map(|index| Copy {
            index,
            row: index * stream.width / row,
            widths: index * stream.width % row / stream.width,
        })
        .collect()
}

pub(super) fn describe(stream: Stream, configuration: &Configuration) -> Described {
    let Stream {
        rows,
        width,
        columns,
        split,
        held,
        slices,
        reduction,
        ..
    } = stream;
    let (team, team_lanes, teams) = match reduction {
        Reduction::Subgroup => ("a subgroup".to_owned(), "team_lanes", "teams"),
        Reduction::Shared => (format!("{} lanes", Stream::TEAM), "TEAM", "TEAMS"),
    };
    // A subgroup may have more lanes than there are chunks of a row in workgroup memory.
    let idle_lanes = held < Reduction::LARGEST_SUBGROUP && reduction == Reduction::Subgroup;
    Described {
        kind: if rows == 1 {
            "Streaming GEMV"
        } else {
            "Streaming kernel"
        },
        purpose: match rows {
            1 => ", for one row",
            _ => ", for a few rows",
        },
        facts: vec![
            format!(
                "geometry    {width} lanes in teams, {team} each{}, which take {columns} output columns at once, {} weights of each a lane",
                match split {
                    1 => String::new(),
                    teams => format!(", {teams} of which divide K"),
                },
                Stream::CHUNK
            ),
            format!(
                "input       in workgroup memory, {} elements{}",
                held * Stream::CHUNK,
                match (slices, rows) {
                    (true, 1) => " at once",
                    (false, 1) => " at most",
                    (true, _) => " of each row at once",
                    (false, _) => " of each row at most",
                }
            ),
            format!("reduction   {}", super::reduction_meaning(reduction)),
        ],
        columns,
        input_type: "vec4<f32>",
        weight_type: word_type(Stream::WORDS),
        scale_loads: ScaleLoads::Blocks,
        values: Family::Stream(Values {
            rows,
            width,
            split,
            min_subgroup_size: Reduction::SMALLEST_SUBGROUP,
            reduction,
            words: words(Stream::WORDS),
            parts: parts(configuration.group_size),
            held,
            slices,
            copies: copies(stream),
            step_lanes: if idle_lanes {
                "min(team_lanes, HELD)"
            } else {
                team_lanes
            },
            idle_lanes,
            row_type: word_type(columns),
            scales_like_chunks: configuration.scales.format == ScaleFormat::F32
                && configuration.scales.order == ScaleOrder::Columns
                && configuration.group_size == GroupSize::Fixed(Stream::CHUNK),
            team: Stream::TEAM,
            team_lanes,
            teams,
        }),
    }
}
