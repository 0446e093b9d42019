//! The values of the streaming GEMV.

use q4_kernel_types::{Configuration, Reduction, Stream};
use serde::Serialize;

use super::{Described, Family, ScaleLoads, Word, word_type, words};

#[derive(Serialize)]
pub(super) struct Values {
    width: u32,
    reduction: Reduction,
    /// The words of a chunk.
    words: Vec<Word>,
    slice: u32,
    /// Whether one slice is known to hold the input.
    whole_input: bool,
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
        slice,
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
                "input       in workgroup memory, {} elements at once",
                slice * Stream::CHUNK
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
            slice,
            whole_input: configuration.k.is_some_and(|k| k <= slice * Stream::CHUNK),
            team: Stream::TEAM,
            team_lanes,
            teams,
        }),
    }
}
