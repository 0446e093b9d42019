{# Streaming kernel: workgroup memory holds the input, a team of lanes walks over K of a few columns alone. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

{% if rows > 1 %}
// The most rows of input.
const ROWS: u32 = {{ rows }}u;
{% endif %}
// Lanes per workgroup.
const WIDTH: u32 = {{ width }}u;
{% if reduction == "shared" %}
// Lanes of a team.
const TEAM: u32 = {{ team }}u;
const TEAMS: u32 = WIDTH / TEAM;
{% endif %}
// Output columns that a team takes at once.
const COLUMNS: u32 = {{ columns }}u;
{% if split > 1 %}
// Teams that take the same columns and divide K, step by step.
const SPLIT: u32 = {{ split }}u;
{% endif %}
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = {{ words | length }}u * WEIGHTS_PER_WORD;
// Vectors of the input in a chunk.
const VECTORS: u32 = CHUNK / 4u;
// Chunks of {% if rows > 1 %}each row of {% endif %}the input that workgroup memory holds{% if slices %}: a longer input passes through it slice by slice{% endif %}.
const HELD: u32 = {{ held }}u;
{% if fixed_k %}
// No load straddles two rows{% if not slices %}, and a whole one is held{% endif %}.
const_assert K % CHUNK == 0u{% if not slices %} && K <= HELD * CHUNK{% endif %};
{% endif %}
{% if fixed_group_size %}
{% if parts | length > 1 %}
// Group boundaries split a load into whole words, parts with a scale each.
const PARTS: u32 = {{ parts | length }}u;
const PART_VECTORS: u32 = VECTORS / PARTS;
const_assert CHUNK == PARTS * GROUP_SIZE && GROUP_SIZE % WEIGHTS_PER_WORD == 0u;
{% else %}
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % CHUNK == 0u;
{% endif %}
{% endif %}
{% if rows == 1 %}
// First vectors of all chunks, then second ones, and so on: neighbouring lanes read neighbouring vectors. One more to a row, so that the vectors of a
// chunk, which neighbouring lanes write, lie in different banks.
const STRIDE: u32 = HELD + 1u;
var<workgroup> x: array<vec4<f32>, VECTORS * STRIDE>;
{% else %}
// Of each row the first vectors of all chunks, then second ones, and so on: neighbouring lanes read neighbouring vectors. Vector v of a chunk changes places
// within eight with others of its kind, so that the vectors of a chunk, which neighbouring lanes write, lie in different banks.
var<workgroup> x: array<vec4<f32>, ROWS * VECTORS * HELD>;
{% endif %}
{% if affine %}
// The sum of the input over each {% if parts | length > 1 %}part of a {% endif %}chunk, which what a group adds to its weights is multiplied by: once for all columns.
var<workgroup> x_sums: array<f32, {% if rows > 1 %}ROWS * {% endif %}{% if parts | length > 1 %}PARTS * {% endif %}HELD>;
{% endif %}
{% if reduction == "shared" %}
// Lanes that share a column of a team when its sums are added up.
const LANES_PER_COLUMN: u32 = TEAM / COLUMNS;
var<workgroup> lane_sums: array<f32, COLUMNS * WIDTH>;
var<workgroup> column_sums: array<f32, WIDTH>;
{% elif split > 1 %}
// The sums of all teams, twice: the next ones are written while these are read. No subgroup has fewer than {{ min_subgroup_size }} lanes.
const MOST_TEAMS: u32 = WIDTH / {{ min_subgroup_size }}u;
var<workgroup> team_sums: array<f32, 2u * MOST_TEAMS * COLUMNS>;
{% endif %}

{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}

{% if rows == 1 %}
{% include "common/dot_word_codebook.wgsl" %}
{% else %}
{% include "common/dequantize_codebook.wgsl" %}
{% endif %}
{% else %}
{% include "common/places.wgsl" %}

{% if rows == 1 %}
{% include "common/dot_word.wgsl" %}
{% else %}
{% include "stream/dequantize.wgsl" %}
{% endif %}
{% endif %}

{% if rows == 1 %}
// Past the end of K are zeros, which add nothing whatever weights they meet.
fn load_input(vector: u32, vectors: u32) -> vec4<f32> {
    if (vector < vectors) {
        return input[params.input_offset / 4u + vector];
    }
    return vec4<f32>();
}
{% else %}
// Past the last row and the end of K are zeros, which add nothing whatever weights they meet.
fn load_input(row: u32, vector: u32, vectors: u32) -> vec4<f32> {
    if (row < params.M && vector < vectors) {
        return input[params.input_offset / 4u + row * vectors + vector];
    }
    return vec4<f32>();
}

// Adds four products to a sum.
fn add_products(w: vec4<f32>, x: vec4<f32>, sum: f32) -> f32 {
    return fma(w.w, x.w, fma(w.z, x.z, fma(w.y, x.y, fma(w.x, x.x, sum))));
}
{% endif %}
{% if scale_functions and not scales_like_chunks %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% include "common/epilogue.wgsl" %}

// What a lane multiplies at once: a chunk of each column and its scale{% if parts | length > 1 %}s, one for each part{% endif %}.
struct Chunks {
    {% for c in range(end=columns) %}
    q_{{ c }}: {{ weight_type }},
    {% endfor %}
    {% for part in parts %}
    scale{{ part.suffix }}: {{ sum_type }},
    {% if affine %}
    offset{{ part.suffix }}: {{ sum_type }},
    {% endif %}
    {% endfor %}
}

// Where the rows of weights of the columns from n on begin. Columns past the edge repeat the last one; the store drops them.
fn rows_of(n: u32, chunks: u32) -> {{ row_type }} {
    {% if columns == 1 %}
    return n * chunks;
    {% else %}
    return min({{ row_type }}(n) + {{ row_type }}({% for c in range(end=columns) %}{{ c }}u{% if not loop.last %}, {% endif %}{% endfor %}), {{ row_type }}(params.N - 1u)) * chunks;
    {% endif %}
}

fn load_chunks(n: u32, rows: {{ row_type }}, chunk: u32) -> Chunks {
    var loaded: Chunks;
    {% for column in blocks[0].columns %}
    loaded.q_{{ column.index }} = weight[rows{{ column.component }} + chunk];
    {% endfor %}
    {% if scales_like_chunks %}
    // A scale for each chunk, in the same order.
    loaded.scale = {{ sum_type }}({% for column in blocks[0].columns %}scales[rows{{ column.component }} + chunk]{% if not loop.last %}, {% endif %}{% endfor %});
    {% if affine %}
    loaded.offset = offset_beside(loaded.scale, {{ sum_type }}({% for column in blocks[0].columns %}load_offset({% if column.index == 0 %}n{% else %}min(n + {{ column.index }}u, params.N - 1u){% endif %}, chunk){% if not loop.last %}, {% endif %}{% endfor %}));
    {% endif %}
    {% else %}
    {% for part in parts %}
    {% if parts | length > 1 %}
    {
        let group = PARTS * chunk{% if part.index > 0 %} + {{ part.index }}u{% endif %};
    {% elif fixed_group_size %}
    let group = chunk / (GROUP_SIZE / CHUNK);
    {% else %}
    let group = chunk / (params.group_size / CHUNK);
    {% endif %}
    {% for block in blocks %}
    {% include "common/scale_of_block.wgsl" %}
    {% endfor %}
    loaded.scale{{ part.suffix }} = scale_0;
    {% if affine %}
    loaded.offset{{ part.suffix }} = offset_0;
    {% endif %}
    {% if parts | length > 1 %}
    }
    {% endif %}
    {% endfor %}
    {% endif %}
    return loaded;
}

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    {% if reduction == "subgroup" %}
    @builtin(subgroup_id) team: u32,
    @builtin(num_subgroups) teams: u32,
    @builtin(subgroup_size) team_lanes: u32,
    @builtin(subgroup_invocation_id) team_lane: u32,
    {% endif %}
) {
    {% if reduction == "shared" %}
    let team = lane / TEAM;
    let team_lane = lane % TEAM;
    {% endif %}
    {% if encoding == "codebook" %}
    {% set invocation = "lane" %}
    {% set invocations = "WIDTH" %}
    {% include "common/load_levels.wgsl" %}
    {% endif %}
    let chunks = {{ k }} / CHUNK;
    // Some columns for every {% if split > 1 %}{{ split }} teams{% else %}team{% endif %} of every workgroup make a round. Neighbouring ones go to different workgroups, so that the last round is spread over all.
    let dealt = COLUMNS * workgroups.x * {% if split > 1 %}({{ teams }} / SPLIT){% else %}{{ teams }}{% endif %};
    let rounds = (params.N + dealt - 1u) / dealt;
    {% if split > 1 %}
    var n = COLUMNS * (team / SPLIT * workgroups.x + workgroup.x);
    // The first step of this team, and from one to the next.
    let first_step = team % SPLIT * {{ step_lanes }};
    let steps_apart = SPLIT * {{ step_lanes }};
    {% if reduction == "subgroup" %}
    var turn = 0u;
    {% endif %}
    {% else %}
    var n = COLUMNS * (team * workgroups.x + workgroup.x);
    {% endif %}
    // The first weights are on their way while the input is copied.
    var next_n = n;
    var next_rows = rows_of(next_n, chunks);
    var next: Chunks;
    if (next_n < params.N) {
        next = load_chunks(next_n, next_rows, min({% if split > 1 %}first_step + {% endif %}team_lane, chunks - 1u));
    }
    {% for copy in copies %}
    {% if slices %}var{% else %}let{% endif %} value_{{ copy.index }} = load_input({% if rows > 1 %}{{ copy.row }}u, {% endif %}lane{% if copy.widths > 0 %} + {{ copy.widths }}u * WIDTH{% endif %}, chunks * VECTORS);
    {% endfor %}
    {% if not slices %}
    {% include "stream/stage_input.wgsl" %}
    {% endif %}
    for (var round = 0u; round < rounds; round++) {
        {% for r in range(end=rows) %}
        var sum{% if rows > 1 %}_{{ r }}{% endif %} = {{ sum_type }}();
        {% endfor %}
        {% if split > 1 %}
        var step = first_step;
        {% endif %}
        {% if not slices %}
        if (n < params.N) {
            {% include "stream/inner_product.wgsl" %}
        }
        {% else %}
        for (var first = 0u; first < chunks; first += HELD) {
            // What is there already need not be copied anew.
            if (round == 0u || chunks > HELD) {
                {% include "stream/stage_input.wgsl" %}
            }
            if (n < params.N) {
                {% include "stream/inner_product.wgsl" %}
            }
        }
        {% endif %}

        {% for r in range(end=rows) %}
        {% if rows > 1 %}
        {
            let sum = sum_{{ r }};
        {% endif %}
        {% if reduction == "subgroup" %}
        {% include "stream/reduction_subgroup.wgsl" %}
        {% else %}
        {% include "stream/reduction_shared.wgsl" %}
        {% endif %}
        {% if rows > 1 %}
        }
        {% endif %}
        {% endfor %}
        n += dealt;
    }
}
