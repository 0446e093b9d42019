//! The values of the streaming GEMV.

use q4_kernel_types::{Configuration, GroupSize, Reduction, ScaleFormat, ScaleOrder, Stream};
use serde::Serialize;

use super::{Described, Family, ScaleLoads, Word, word_type, words};

/// Elements of a vector of the input.
const VECTOR: u32 = 4;

#[derive(Serialize)]
pub(super) struct Values {
    width: u32,
    reduction: Reduction,
    /// The words of a chunk.
    words: Vec<Word>,
    /// The chunks that workgroup memory holds, whether a longer input passes through it in slices, and the vectors of it that a lane copies.
    held: u32,
    slices: bool,
    copies: u32,
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

pub(super) fn describe(stream: Stream, configuration: &Configuration) -> Described {
    let Stream {
        width,
        columns,
        held,
        slices,
        reduction,
        ..
    } = stream;
    let (team, team_lanes, teams) = match reduction {
        Reduction::Subgroup => ("a subgroup".to_owned(), "team_lanes", "teams"),
        Reduction::Shared => (format!("{} lanes", Stream::TEAM), "TEAM", "TEAMS"),
    };
    Described {
        kind: "Streaming GEMV",
        purpose: ", for one row",
        facts: vec![
            format!(
                "geometry    {width} lanes in teams, {team} each, which take {columns} output columns at once, {} weights of each a lane",
                Stream::CHUNK
            ),
            format!(
                "input       in workgroup memory, {} elements{}",
                held * Stream::CHUNK,
                if slices { " at once" } else { " at most" }
            ),
            format!("reduction   {}", super::reduction_meaning(reduction)),
        ],
        columns,
        input_type: "vec4<f32>",
        weight_type: word_type(Stream::WORDS),
        scale_loads: ScaleLoads::Blocks,
        values: Family::Stream(Values {
            width,
            reduction,
            words: words(Stream::WORDS),
            held,
            slices,
            copies: held * Stream::CHUNK / VECTOR / width,
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
