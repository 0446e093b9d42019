{# Streaming GEMV: workgroup memory holds the input, a team of lanes walks over K of a few columns alone. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Lanes per workgroup.
const WIDTH: u32 = {{ width }}u;
{% if reduction == "shared" %}
// Lanes of a team.
const TEAM: u32 = {{ team }}u;
const TEAMS: u32 = WIDTH / TEAM;
{% endif %}
// Output columns that a team takes at once.
const COLUMNS: u32 = {{ columns }}u;
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = {{ words | length }}u * WEIGHTS_PER_WORD;
// Vectors of the input in a chunk.
const VECTORS: u32 = CHUNK / 4u;
{% if whole_input %}
// Chunks of the input that workgroup memory holds: all of them.
{% else %}
// Chunks of the input that workgroup memory holds. A longer input passes through it slice by slice.
{% endif %}
const SLICE: u32 = {{ slice }}u;
{% if fixed_k %}
// No load straddles two rows.
const_assert K % CHUNK == 0u;
{% endif %}
{% if fixed_group_size %}
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % CHUNK == 0u;
{% endif %}
// First vectors of all chunks, then second ones, and so on: neighbouring lanes read neighbouring vectors. One more to a row, so that the vectors of a
// chunk, which neighbouring lanes write, lie in different banks.
const STRIDE: u32 = SLICE + 1u;
var<workgroup> x: array<vec4<f32>, VECTORS * STRIDE>;
{% if affine %}
// The sum of the input over each chunk, which what a group adds to its weights is multiplied by: once for all columns.
var<workgroup> x_sums: array<f32, SLICE>;
{% endif %}
{% if reduction == "shared" %}
// Lanes that share a column of a team when its sums are added up.
const LANES_PER_COLUMN: u32 = TEAM / COLUMNS;
var<workgroup> lane_sums: array<f32, COLUMNS * WIDTH>;
var<workgroup> column_sums: array<f32, WIDTH>;
{% endif %}

{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}

{% include "common/dot_word_codebook.wgsl" %}
{% else %}
{% include "common/places.wgsl" %}

{% include "common/dot_word.wgsl" %}
{% endif %}
{% if scale_functions %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% include "common/epilogue.wgsl" %}

// What a lane multiplies at once: a chunk of each column and its scale.
struct Chunks {
    {% for c in range(end=columns) %}
    q_{{ c }}: {{ weight_type }},
    {% endfor %}
    scale: {{ sum_type }},
    {% if affine %}
    offset: {{ sum_type }},
    {% endif %}
}

// Chunks from column n on. Columns past the edge repeat the last one; the store drops them.
fn load_chunks(n: u32, chunk: u32, chunks: u32) -> Chunks {
    var loaded: Chunks;
    {% for c in range(end=columns) %}
    loaded.q_{{ c }} = weight[{% if c == 0 %}n{% else %}min(n + {{ c }}u, params.N - 1u){% endif %} * chunks + chunk];
    {% endfor %}
    {% if fixed_group_size %}
    let group = chunk / (GROUP_SIZE / CHUNK);
    {% else %}
    let group = chunk / (params.group_size / CHUNK);
    {% endif %}
    {% for block in blocks %}
    {% include "common/scale_of_block.wgsl" %}
    {% endfor %}
    loaded.scale = scale_0;
    {% if affine %}
    loaded.offset = offset_0;
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
    let tasks = (params.N + COLUMNS - 1u) / COLUMNS;
    // A task for every team of every workgroup makes a round. Neighbouring tasks go to different workgroups, so that the last round is spread over all.
    let dealt = workgroups.x * {{ teams }};
    let rounds = (tasks + dealt - 1u) / dealt;
    var task = team * workgroups.x + workgroup.x;
    // The first weights are on their way while the input is copied.
    var next: Chunks;
    if (task < tasks) {
        next = load_chunks(task * COLUMNS, min(team_lane, chunks - 1u), chunks);
    }
    {% if whole_input %}
    {% include "stream/stage_input.wgsl" %}
    {% endif %}
    for (var round = 0u; round < rounds; round++) {
        var sum = {{ sum_type }}();
        {% if whole_input %}
        if (task < tasks) {
            {% include "stream/inner_product.wgsl" %}
        }
        {% else %}
        for (var first = 0u; first < chunks; first += SLICE) {
            // What is there already need not be copied anew.
            if (round == 0u || chunks > SLICE) {
                {% include "stream/stage_input.wgsl" %}
            }
            if (task < tasks) {
                {% include "stream/inner_product.wgsl" %}
            }
        }
        {% endif %}

        {% if reduction == "subgroup" %}
        {% include "stream/reduction_subgroup.wgsl" %}
        {% else %}
        {% include "stream/reduction_shared.wgsl" %}
        {% endif %}
        task += dealt;
    }
}
