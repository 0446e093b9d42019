//! The values that the templates are specialised on.

use q4_kernel_types::{
    Bias, Configuration, Gemm, Geometry, GroupSize, KAlignment, ParamField, Params, Reduction,
    layout::{self, Binding, WEIGHTS_PER_WORD},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// The smallest subgroup of any device that wgpu runs on (WARP has 4 lanes).
const MIN_SUBGROUP_SIZE: u32 = 4;
/// The widest block of columns: the components of a WGSL vector.
const MAX_BLOCK_WIDTH: u32 = 4;

/// All values of one kernel. The field names are the variables of the templates.
#[derive(Serialize)]
pub(super) struct Context {
    name: String,
    summary: String,
    layout_formula: String,
    facts: Vec<String>,
    params: Vec<Field>,
    binding: BindingNumbers,
    weights_per_word: u32,
    zero_point: u8,

    /// The bias mode: `optional`, `never` or `always`.
    bias: Bias,
    /// K and the group size, where they are constants.
    fixed_k: Option<u32>,
    fixed_group_size: Option<u32>,
    /// The expressions for them in WGSL.
    k: &'static str,
    group_size: &'static str,

    input_type: &'static str,
    weight_type: &'static str,
    scale_type: &'static str,
    /// The type of a block's sums.
    sum_type: &'static str,
    columns: u32,
    blocks: Vec<Block>,

    #[serde(flatten)]
    family: Family,
}

/// What only one family's templates know.
#[derive(Serialize)]
#[serde(untagged)]
enum Family {
    Coop4 {
        width: u32,
        reduction: Reduction,
        /// The words that a lane loads of a row at once.
        words: Vec<Word>,
        min_subgroup_size: u32,
    },
    Gemm {
        tile_m: u32,
        tile_n: u32,
        tile_k: u32,
        rows: u32,
        alignment: KAlignment,
        scale_per: ScalePer,
        words: Vec<Word>,
    },
}

/// How many weights of a column are sure to share a scale.
#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum ScalePer {
    Word,
    Element,
}

#[derive(Serialize)]
struct Field {
    name: &'static str,
    /// Blanks that align the comments of the fields.
    padding: String,
    meaning: &'static str,
}

/// Neighbouring columns whose sums are one vector.
#[derive(Serialize)]
struct Block {
    index: u32,
    /// First column of the block, within the thread's or workgroup's columns.
    first: u32,
    width: u32,
    columns: Vec<Column>,
}

#[derive(Serialize)]
struct Column {
    index: u32,
    /// How to reach this column in the vector of its block: `.x`, or nothing where the block is a scalar.
    component: &'static str,
}

/// One word of a K step.
#[derive(Serialize)]
struct Word {
    index: u32,
    /// First weight of the word, within the step.
    k: u32,
    /// How to reach the word in the vector that a step is loaded as.
    component: &'static str,
}

struct BindingNumbers;

impl Serialize for BindingNumbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Binding::ALL.len()))?;
        for binding in Binding::ALL {
            map.serialize_entry(binding.name(), &binding.index())?;
        }
        map.end()
    }
}

impl Context {
    pub(super) fn new(configuration: &Configuration) -> Self {
        let (fixed_group_size, group_size) = match configuration.group_size {
            GroupSize::Fixed(size) => (Some(size), "GROUP_SIZE"),
            GroupSize::Runtime => (None, "params.group_size"),
        };
        let columns = match configuration.geometry {
            Geometry::Coop4(coop4) => coop4.columns,
            Geometry::Gemm(gemm) => gemm.columns,
        };
        let blocks = blocks(columns);
        let block_type = vector_type(blocks.first().map_or(1, |block| block.width));
        let (family, input_type, weight_type, scale_type) = match configuration.geometry {
            Geometry::Coop4(coop4) => {
                let family = Family::Coop4 {
                    width: coop4.width,
                    reduction: coop4.reduction,
                    words: words(coop4.words),
                    min_subgroup_size: MIN_SUBGROUP_SIZE,
                };
                (family, "vec4<f32>", word_type(coop4.words), block_type)
            }
            Geometry::Gemm(gemm) => {
                let scale_per = scale_per(configuration.group_size, gemm.alignment);
                let input_type = if gemm.alignment == KAlignment::Aligned {
                    "vec4<f32>"
                } else {
                    "f32"
                };
                let scale_type = if scale_per == ScalePer::Word {
                    block_type
                } else {
                    "f32"
                };
                (
                    gemm_family(gemm, scale_per),
                    input_type,
                    word_type(gemm.tile_k / WEIGHTS_PER_WORD),
                    scale_type,
                )
            }
        };
        Self {
            name: configuration.name(),
            summary: summary(configuration),
            layout_formula: format!(
                "output[m, n] = sum over k of input[m, k] * (nibble(n, k) - {}) * scales[k / group_size, n]",
                layout::ZERO_POINT
            ),
            facts: facts(configuration),
            params: fields(),
            binding: BindingNumbers,
            weights_per_word: WEIGHTS_PER_WORD,
            zero_point: layout::ZERO_POINT,
            bias: configuration.bias,
            fixed_k: configuration.k,
            fixed_group_size,
            k: if configuration.k.is_some() {
                "K"
            } else {
                "params.K"
            },
            group_size,
            input_type,
            weight_type,
            scale_type,
            sum_type: block_type,
            columns,
            blocks,
            family,
        }
    }
}

fn fields() -> Vec<Field> {
    let widest = Params::FIELDS
        .iter()
        .map(|field| field.name.len())
        .max()
        .unwrap_or_default();
    Params::FIELDS
        .iter()
        .map(|&ParamField { name, meaning, .. }| Field {
            name,
            padding: " ".repeat(widest - name.len()),
            meaning,
        })
        .collect()
}

fn gemm_family(gemm: Gemm, scale_per: ScalePer) -> Family {
    Family::Gemm {
        tile_m: gemm.tile_m,
        tile_n: gemm.tile_n,
        tile_k: gemm.tile_k,
        rows: gemm.rows,
        alignment: gemm.alignment,
        scale_per,
        words: words(gemm.tile_k / WEIGHTS_PER_WORD),
    }
}

fn words(count: u32) -> Vec<Word> {
    (0..count)
        .map(|index| Word {
            index,
            k: index * WEIGHTS_PER_WORD,
            component: component(index, count),
        })
        .collect()
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

fn blocks(columns: u32) -> Vec<Block> {
    let width = columns.clamp(1, MAX_BLOCK_WIDTH);
    (0..columns.div_ceil(width))
        .map(|index| {
            let first = index * width;
            let columns = (0..width)
                .map(|offset| Column {
                    index: first + offset,
                    component: component(offset, width),
                })
                .collect();
            Block {
                index,
                first,
                width,
                columns,
            }
        })
        .collect()
}

fn component(index: u32, width: u32) -> &'static str {
    match index {
        _ if width == 1 => "",
        0 => ".x",
        1 => ".y",
        2 => ".z",
        _ => ".w",
    }
}

fn vector_type(width: u32) -> &'static str {
    match width {
        1 => "f32",
        2 => "vec2<f32>",
        _ => "vec4<f32>",
    }
}

/// The type that so many words are loaded as.
fn word_type(words: u32) -> &'static str {
    match words {
        1 => "u32",
        2 => "vec2<u32>",
        _ => "vec4<u32>",
    }
}

fn summary(configuration: &Configuration) -> String {
    let bias = match configuration.bias {
        Bias::Optional => ", plus the bias if there is one",
        Bias::Never => "",
        Bias::Always => ", plus the bias",
    };
    match configuration.geometry {
        Geometry::Coop4(_) => format!("Cooperative GEMV on q4gsw weights, for one row{bias}:"),
        Geometry::Gemm(_) => format!("Register-tiled GEMM on q4gsw weights{bias}:"),
    }
}

/// The parameters, numeric class, constraints, needs and dispatch formula, for the header.
fn facts(configuration: &Configuration) -> Vec<String> {
    let geometry = configuration.geometry;
    let mut facts = match geometry {
        Geometry::Coop4(coop4) => {
            let reduction = match coop4.reduction {
                Reduction::Shared => "a tree in workgroup memory",
                Reduction::Subgroup => "subgroup additions, for subgroups of any size",
            };
            let columns = match coop4.columns {
                1 => "one output column".to_owned(),
                columns => format!("{columns} output columns"),
            };
            vec![
                format!(
                    "geometry    {} lanes share {columns} over K, {} weights of each at a time",
                    coop4.width,
                    coop4.step()
                ),
                format!("reduction   {reduction}"),
            ]
        }
        Geometry::Gemm(gemm) => vec![
            format!(
                "tile        {} x {} outputs, K in steps of {}",
                gemm.tile_m, gemm.tile_n, gemm.tile_k
            ),
            format!(
                "threads     {}, {} x {} outputs each",
                geometry.workgroup_size(),
                gemm.rows,
                gemm.columns
            ),
        ],
    };
    let features = configuration.features();
    let needs = if features.is_empty() {
        "no optional feature".to_owned()
    } else {
        features
            .iter()
            .map(|feature| feature.name())
            .collect::<Vec<_>>()
            .join(", ")
    };
    facts.extend([
        format!("group size  {}", configuration.group_size),
        format!(
            "numeric     {} ({})",
            configuration.numeric,
            configuration.numeric.meaning()
        ),
        format!("serves      {}", configuration.constraints()),
        format!("needs       {needs}"),
        format!("dispatch    {}", geometry.dispatch()),
    ]);
    facts
}
