//! The values that the templates are specialised on: those of all families here, those of one in a file of its own.

mod coop4;
mod gemm;
mod gemv;
mod held_matrix;
mod mantissa;
mod matrix;
mod panel_matrix;
mod parts;
mod skinny;
mod skinny_matrix;
mod staged;
mod stream;

use q4_kernel_types::{
    Bias, Configuration, Encoding, Feature, Geometry, GroupSize, ParamField, Params, Reduction, ScaleFormat,
    ScaleLayout, ScaleOrder,
    layout::{self, Binding, WEIGHTS_PER_WORD},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use self::mantissa::Nibble;

/// The widest block of columns: the components of a WGSL vector.
const MAX_BLOCK_WIDTH: u32 = 4;

/// All values of one kernel. The field names are the variables of the templates.
#[derive(Serialize)]
pub(super) struct Context {
    name: String,
    summary: String,
    /// The language extensions to enable.
    enables: Vec<&'static str>,
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
    /// How scales are stored.
    scales: ScaleLayout,
    /// How many scales a kernel loads at once.
    scale_load: u32,
    /// Whether a function turns what is stored into scales.
    scale_functions: bool,
    /// How four bits and the numbers of their group make a weight.
    encoding: Encoding,
    /// Whether a group adds a number to its weights: where it is, the type of what is stored, and the type of what is added at once.
    affine: bool,
    offset_type: &'static str,
    added_type: &'static str,
    levels: u32,
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
    Coop4(coop4::Values),
    Gemv(gemv::Values),
    Stream(stream::Values),
    Skinny(skinny::Values),
    SkinnyMatrix(skinny_matrix::Values),
    HeldMatrix(held_matrix::Values),
    Gemm(gemm::Values),
    Staged(staged::Values),
    Matrix(matrix::Values),
    PanelMatrix(panel_matrix::Values),
}

/// What a family says of one of its kernels.
struct Described {
    /// What it is, and on what beside the weights and what for: a sentence, with the weights in between.
    kind: &'static str,
    purpose: &'static str,
    /// Its geometry, line by line, for the header.
    facts: Vec<String>,
    /// Output columns of a thread or a workgroup: what blocks are made of.
    columns: u32,
    /// The element types of the bindings.
    input_type: &'static str,
    weight_type: &'static str,
    /// How scales are loaded.
    scale_loads: ScaleLoads,
    values: Family,
}

/// How a kernel loads scales.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ScaleLoads {
    /// Those of a block of columns together, where they are neighbours.
    Blocks,
    /// One by one, and one is applied at a time.
    Single,
    /// One by one, and four k of a column have one each.
    Elements,
    /// Those of four neighbouring groups of a column together, where they are neighbours.
    Groups,
}

/// How the threads of a workgroup share the loads of one step of a tile.
#[derive(Serialize)]
struct TileLoads {
    /// Loads of a thread: of four inputs, and of a word of weights.
    input_loads: u32,
    weight_loads: u32,
    /// Whether all loads of a thread are of the same k, in rows that lie equally far apart.
    even_inputs: bool,
    even_weights: bool,
}

impl TileLoads {
    /// For a workgroup that loads so many vectors of inputs and words of weights in a step of so many k.
    fn new(inputs: u32, weights: u32, tile_k: u32, threads: u32) -> Self {
        Self {
            input_loads: inputs / threads,
            weight_loads: weights / threads,
            even_inputs: threads.is_multiple_of(tile_k / 4),
            even_weights: threads.is_multiple_of(tile_k / WEIGHTS_PER_WORD),
        }
    }
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
        let Described {
            kind,
            purpose,
            facts,
            columns,
            input_type,
            weight_type,
            scale_loads,
            values,
        } = match configuration.geometry {
            Geometry::Coop4(coop4) => coop4::describe(coop4),
            Geometry::Gemv(gemv) => gemv::describe(gemv, configuration),
            Geometry::Stream(stream) => stream::describe(stream, configuration),
            Geometry::Skinny(skinny) => skinny::describe(skinny),
            Geometry::SkinnyMatrix(matrix) => skinny_matrix::describe(matrix, configuration.group_size),
            Geometry::HeldMatrix(matrix) => held_matrix::describe(matrix, configuration),
            Geometry::Gemm(gemm) => gemm::describe(gemm, configuration.group_size),
            Geometry::Staged(staged) => staged::describe(staged, configuration.numeric),
            Geometry::Matrix(matrix) => matrix::describe(matrix),
            Geometry::PanelMatrix(matrix) => panel_matrix::describe(matrix, configuration),
        };
        let blocks = blocks(columns);
        let block_width = blocks.first().map_or(1, |block| block.width);
        let scales = configuration.scales;
        let encoding = configuration.encoding;
        // Those of two columns are half a word where a number takes a byte.
        let bytes = scales.format.bytes() == 1 || encoding == Encoding::ZeroPoint;
        let scale_load = match scales.order {
            ScaleOrder::Groups if scale_loads == ScaleLoads::Blocks && !(bytes && block_width == 2) => {
                block_width
            }
            ScaleOrder::Columns if scale_loads == ScaleLoads::Groups => MAX_BLOCK_WIDTH,
            ScaleOrder::Groups | ScaleOrder::Columns => 1,
        };
        let one_by_one = scale_loads == ScaleLoads::Blocks && scale_load < block_width;
        Self {
            name: configuration.name(),
            summary: format!(
                "{kind} on {}{purpose}{}:",
                weights_summary(encoding),
                bias_summary(configuration.bias)
            ),
            enables: enables(configuration),
            layout_formula: format!(
                "output[m, n] = sum over k of input[m, k] * {}",
                weight_formula(encoding)
            ),
            facts: [facts, common_facts(configuration)].concat(),
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
            scale_type: scale_type_of(scales.format, scale_load),
            scales,
            scale_load,
            scale_functions: !in_contract_order(scales) || one_by_one,
            encoding,
            affine: encoding.is_affine(),
            offset_type: match encoding {
                Encoding::ZeroPoint => word_type(scale_load.div_ceil(4)),
                _ => scale_type_of(scales.format, scale_load),
            },
            added_type: match scale_loads {
                ScaleLoads::Blocks => vector_type(block_width),
                ScaleLoads::Single | ScaleLoads::Groups => vector_type(1),
                ScaleLoads::Elements => vector_type(4),
            },
            levels: layout::LEVELS,
            sum_type: vector_type(block_width),
            columns,
            blocks,
            family: values,
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

fn words(count: u32) -> Vec<Word> {
    (0..count)
        .map(|index| Word {
            index,
            k: index * WEIGHTS_PER_WORD,
            component: component(index, count),
        })
        .collect()
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

/// The type that so many scales are loaded as. Two that take half a word each are never split.
fn scale_type_of(format: ScaleFormat, scales: u32) -> &'static str {
    match format {
        ScaleFormat::F32 => vector_type(scales),
        ScaleFormat::F16 | ScaleFormat::Bf16 => word_type(scales.div_ceil(2)),
        ScaleFormat::E8m0 | ScaleFormat::E4m3 => word_type(scales.div_ceil(4)),
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

/// Whether scales are as the contract has them, so that a kernel reads them without a function between.
fn in_contract_order(scales: ScaleLayout) -> bool {
    scales.format == ScaleFormat::F32 && scales.order == ScaleOrder::Groups
}

fn reduction_meaning(reduction: Reduction) -> &'static str {
    match reduction {
        Reduction::Shared => "a tree in workgroup memory",
        Reduction::Subgroup => "subgroup additions, for subgroups of any size",
    }
}

fn weights_summary(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Symmetric => "q4gsw weights",
        Encoding::ZeroPoint => "4-bit weights with zero points",
        Encoding::Minimum => "4-bit weights with minimums",
        Encoding::Codebook => "4-bit weights of a codebook",
    }
}

/// What a weight is.
fn weight_formula(encoding: Encoding) -> String {
    match encoding {
        Encoding::Symmetric => format!(
            "(nibble(n, k) - {}) * scales[k / group_size, n]",
            layout::ZERO_POINT
        ),
        Encoding::ZeroPoint => {
            "(nibble(n, k) - offsets[k / group_size, n]) * scales[k / group_size, n]".to_owned()
        }
        Encoding::Minimum => {
            "(nibble(n, k) * scales[k / group_size, n] + offsets[k / group_size, n])".to_owned()
        }
        Encoding::Codebook => "codebook[nibble(n, k)] * scales[k / group_size, n]".to_owned(),
    }
}

fn bias_summary(bias: Bias) -> &'static str {
    match bias {
        Bias::Optional => ", plus the bias if there is one",
        Bias::Never => "",
        Bias::Always => ", plus the bias",
    }
}

/// The language extensions of the features. Subgroups need none in wgpu, which refuses the one that browsers ask for.
fn enables(configuration: &Configuration) -> Vec<&'static str> {
    let mut enables: Vec<_> = configuration
        .features()
        .into_iter()
        .filter_map(|feature| match feature {
            Feature::ShaderF16 => Some("f16"),
            Feature::Matrix16 | Feature::Matrix8 => Some("wgpu_cooperative_matrix"),
            _ => None,
        })
        .collect();
    enables.sort_unstable();
    enables.dedup();
    enables
}

/// Numeric class, constraints, needs and dispatch formula, for the header.
fn common_facts(configuration: &Configuration) -> Vec<String> {
    let features: Vec<_> = configuration
        .features()
        .iter()
        .map(|feature| feature.name())
        .collect();
    let needs = if features.is_empty() {
        "no optional feature".to_owned()
    } else {
        features.join(", ")
    };
    let ScaleLayout { format, order } = configuration.scales;
    let order = match order {
        ScaleOrder::Groups => "[groups, padded_N]",
        ScaleOrder::Columns => "[N, groups]",
    };
    let mut facts = vec![
        format!("group size  {}", configuration.group_size),
        format!("scales      {format} {order}"),
    ];
    match configuration.encoding {
        Encoding::ZeroPoint => facts.push(format!("offsets     zero points of a byte {order}")),
        Encoding::Minimum => facts.push(format!("offsets     minimums, {format} {order}")),
        Encoding::Symmetric | Encoding::Codebook => {}
    }
    facts.extend([
        format!(
            "numeric     {} ({})",
            configuration.numeric,
            configuration.numeric.meaning()
        ),
        format!("serves      {}", configuration.constraints()),
        format!("needs       {needs}"),
        format!("dispatch    {}", configuration.geometry.dispatch()),
    ]);
    facts
}
