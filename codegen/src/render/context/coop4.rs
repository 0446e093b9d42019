//! The values of the cooperative GEMV.

use q4_kernel_types::{Coop4, Reduction};
use serde::Serialize;

use super::{Described, Family, ScaleLoads, Word, word_type, words};

#[derive(Serialize)]
pub(super) struct Values {
    width: u32,
    reduction: Reduction,
    /// The words that a lane loads of a row at once.
    words: Vec<Word>,
    min_subgroup_size: u32,
}

pub(super) fn describe(coop4: Coop4) -> Described {
    let columns = match coop4.columns {
        1 => "one output column".to_owned(),
        columns => format!("{columns} output columns"),
    };
    Described {
        kind: "Cooperative GEMV",
        purpose: ", for one row",
        facts: vec![
            format!(
                "geometry    {} lanes share {columns} over K, {} weights of each at a time",
                coop4.width,
                coop4.step()
            ),
            format!("reduction   {}", super::reduction_meaning(coop4.reduction)),
        ],
        columns: coop4.columns,
        input_type: "vec4<f32>",
        weight_type: word_type(coop4.words),
        scale_loads: ScaleLoads::Blocks,
        values: Family::Coop4(Values {
            width: coop4.width,
            reduction: coop4.reduction,
            words: words(coop4.words),
            min_subgroup_size: Reduction::SMALLEST_SUBGROUP,
        }),
    }
}
