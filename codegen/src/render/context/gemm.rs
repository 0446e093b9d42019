//! The values of the register-tiled GEMM.

use q4_kernel_types::{Gemm, GroupSize, KAlignment, layout::WEIGHTS_PER_WORD};
use serde::Serialize;

use super::{Described, Family, ScaleLoads, Word, word_type, words};

#[derive(Serialize)]
pub(super) struct Values {
    tile_m: u32,
    tile_n: u32,
    tile_k: u32,
    rows: u32,
    alignment: KAlignment,
    scale_per: ScalePer,
    words: Vec<Word>,
}

/// How many weights of a column are sure to share a scale.
#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum ScalePer {
    Word,
    Element,
}

pub(super) fn describe(gemm: Gemm, group_size: GroupSize) -> Described {
    let scale_per = scale_per(group_size, gemm.alignment);
    let threads = gemm.threads_m() * gemm.threads_n();
    let words_at_once = gemm.tile_k / WEIGHTS_PER_WORD;
    Described {
        kind: "Register-tiled GEMM",
        purpose: "",
        facts: vec![
            format!(
                "tile        {} x {} outputs, K in steps of {}",
                gemm.tile_m, gemm.tile_n, gemm.tile_k
            ),
            format!(
                "threads     {threads}, {} x {} outputs each",
                gemm.rows, gemm.columns
            ),
        ],
        columns: gemm.columns,
        input_type: match gemm.alignment {
            KAlignment::Aligned => "vec4<f32>",
            KAlignment::Ragged => "f32",
        },
        weight_type: word_type(words_at_once),
        scale_loads: match scale_per {
            ScalePer::Word => ScaleLoads::Blocks,
            ScalePer::Element => ScaleLoads::Elements,
        },
        values: Family::Gemm(Values {
            tile_m: gemm.tile_m,
            tile_n: gemm.tile_n,
            tile_k: gemm.tile_k,
            rows: gemm.rows,
            alignment: gemm.alignment,
            scale_per,
            words: words(words_at_once),
        }),
    }
}

/// A word has one scale if no group boundary can split it.
fn scale_per(group_size: GroupSize, alignment: KAlignment) -> ScalePer {
    match (group_size, alignment) {
        (_, KAlignment::Aligned) => ScalePer::Word,
        (GroupSize::Fixed(size), KAlignment::Ragged) if size.is_multiple_of(WEIGHTS_PER_WORD) => {
            ScalePer::Word
        }
        (_, KAlignment::Ragged) => ScalePer::Element,
    }
}
