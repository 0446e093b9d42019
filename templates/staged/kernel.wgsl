{# Staged GEMM: a workgroup keeps inputs and dequantised weights of its tile in workgroup memory; threads multiply from there. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Outputs of a workgroup.
const TILE_M: u32 = {{ tile_m }}u;
const TILE_N: u32 = {{ tile_n }}u;
// Elements of K that are staged at once.
const TILE_K: u32 = {{ tile_k }}u;
// Outputs of a thread.
const ROWS: u32 = {{ rows }}u;
const COLUMNS: u32 = {{ columns }}u;
// Threads along M and N, and in all. A thread's rows and columns lie so far apart, so that those of neighbours lie side by side.
const THREADS_M: u32 = TILE_M / ROWS;
const THREADS_N: u32 = TILE_N / COLUMNS;
{% if divided %}
// Those of a team, which computes the whole tile for every TEAMS-th step of K.
const TEAMS: u32 = {{ teams | length }}u;
const TEAM: u32 = THREADS_M * THREADS_N;
const THREADS: u32 = TEAMS * TEAM;
{% else %}
const THREADS: u32 = THREADS_M * THREADS_N;
{% endif %}
// Neighbouring threads along N.
const STRIP: u32 = {{ strip }}u;

// Words of a row of weights and vectors of a row of inputs in one step.
const STEP_WORDS: u32 = TILE_K / WEIGHTS_PER_WORD;
const STEP_VECTORS: u32 = TILE_K / 4u;
// Vectors from one staged row to the next: odd, so that the same k of neighbouring rows lies in other banks.
const STRIDE: u32 = STEP_VECTORS + {{ padding }}u;

// The threads' tiles cover the workgroup's tile, in strips.
const_assert TILE_M % ROWS == 0u && TILE_N % COLUMNS == 0u;
const_assert THREADS_N % STRIP == 0u;
// All threads load the same number of words and vectors.
const_assert TILE_M * STEP_VECTORS == {{ input_loads }}u * {% if divided %}TEAM{% else %}THREADS{% endif %};
const_assert TILE_N * STEP_WORDS == {{ weight_loads }}u * {% if divided %}TEAM{% else %}THREADS{% endif %};
{% if divided %}
// A thread adds one vector of as many as there are teams, and there is room for those.
const_assert ROWS * COLUMNS == 4u * TEAMS * {{ totals | length }}u && TEAMS * TEAM <= TILE_N * STRIDE;
{% endif %}
const_assert STRIDE % 2u == 1u;
{% if fixed_k %}
// No word straddles two rows.
const_assert K % WEIGHTS_PER_WORD == 0u;
{% endif %}
{% if fixed_group_size %}
// No group boundary splits a word, so a word has one scale.
const_assert GROUP_SIZE % WEIGHTS_PER_WORD == 0u;
{% endif %}

{% if divided %}
// One step of each team, of the workgroup's rows of inputs and columns of weights; a vector holds four consecutive k. After the last one, sums that teams add.
{% else %}
// One step of the workgroup's rows of inputs and columns of weights; a vector holds four consecutive k.
{% endif %}
var<workgroup> x_tile: array<{{ staged_type }}, {% if divided %}TEAMS * {% endif %}TILE_M * STRIDE>;
var<workgroup> w_tile: array<{{ staged_type }}, {% if divided %}TEAMS * {% endif %}TILE_N * STRIDE>;

{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}
{% endif %}
{% if encoding == "codebook" %}
{% include "common/dequantize_codebook.wgsl" %}
{% else %}
{% include "common/dequantize_by_mantissa.wgsl" %}
{% endif %}
{% include "common/epilogue.wgsl" %}
{% if scale_functions %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% include "common/tile_loads.wgsl" %}
{% include "common/multiply_add.wgsl" %}
{% include "staged/store_output.wgsl" %}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) {% if divided %}invocation{% else %}thread{% endif %}: u32,
) {
    {% if encoding == "codebook" %}
    {% set invocation = "thread" %}
    {% if divided %}
    {% set invocation = "invocation" %}
    {% endif %}
    {% set invocations = "THREADS" %}
    {% include "common/load_levels.wgsl" %}
    {% endif %}
    {% include "common/tile_of_workgroup.wgsl" %}
    {% if divided %}
    let team = invocation / TEAM;
    let thread = invocation % TEAM;
    {% endif %}
    let thread_m = (thread / STRIP) % THREADS_M;
    let thread_n = (thread / (STRIP * THREADS_M)) * STRIP + thread % STRIP;
    {% if divided %}
    let x_tile_of_team = team * (TILE_M * STRIDE);
    let w_tile_of_team = team * (TILE_N * STRIDE);
    let x_place = x_tile_of_team + thread_m * STRIDE;
    let w_place = w_tile_of_team + thread_n * STRIDE;
    let first_k = team * TILE_K;
    {% else %}
    let x_place = thread_m * STRIDE;
    let w_place = thread_n * STRIDE;
    {% endif %}

    {% include "common/first_tile_loads.wgsl" %}

    {% for r in range(end=rows) %}
    {% for block in blocks %}
    var sum_{{ r }}_{{ block.index }} = vec4<f32>();
    {% endfor %}
    {% endfor %}
    {% if divided %}
    for (var walked = 0u; walked < {{ k }}; walked += TEAMS * TILE_K) {
        let k = walked + first_k;
    {% else %}
    for (var k = 0u; k < {{ k }}; k += TILE_K) {
    {% endif %}
        // Everybody has multiplied what lay there before.
        workgroupBarrier();
        {% include "staged/stage.wgsl" %}
        workgroupBarrier();
        {% include "common/next_tile_loads.wgsl" %}
        {% include "staged/inner_product.wgsl" %}
    }

    {% if divided %}
    {% include "staged/store_totals.wgsl" %}
    {% else %}
    {% include "staged/store.wgsl" %}
    {% endif %}
}
