{# Held cooperative matrices: each subgroup keeps its part of the inputs in registers while blocks of columns pass. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Rows and columns of a matrix, which holds all rows of the input, and the columns of a block.
const SIDE: u32 = {{ side }}u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = {{ subgroup_size }}u;
const SUBGROUPS: u32 = {{ subgroups }}u;
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;
// Matrices of inputs that a subgroup holds.
const HELD: u32 = {{ held }}u;
// Elements of K that a subgroup holds, and all of them.
const SHARE: u32 = HELD * SIDE;
const PASS: u32 = SUBGROUPS * SHARE;
// Lanes that share a column, and as many spans of the subgroup's part of K, of which they take turns to load.
const PARTS: u32 = SUBGROUP_SIZE / SIDE;
const SPAN: u32 = SHARE / PARTS;
// Lanes that load the inputs of two words' weights, four each.
const QUAD: u32 = 2u * WEIGHTS_PER_WORD / 4u;
// Elements of K that a lane loads of a column at once.
const LOAD: u32 = {{ load }}u;
// Vectors of a row of a matrix, and from one row to the next: an odd number of 16 bytes, so that the same part of eight neighbouring rows fills all banks.
const VECTORS: u32 = SIDE / 4u;
const STRIDE: u32 = VECTORS + 2u;

// A word of a lane is its part of one matrix, and its loads are whole.
const_assert SIDE / PARTS == WEIGHTS_PER_WORD && SPAN == {{ loads | length }}u * LOAD;
// Lanes side by side share a column, and half of the rows of two matrices of inputs have four lanes each.
const_assert PARTS == 2u && SIDE / 2u * QUAD == SUBGROUP_SIZE;
// Every output of a block has a lane.
const_assert SIDE * SIDE <= THREADS;
{% if fixed_k %}
// A subgroup's share lies within K or past its end, as a whole.
const_assert K % SHARE == 0u;
{% endif %}
{% if fixed_group_size %}
{% if parts | length > 1 %}
// Group boundaries split a load into whole words, {{ parts | length }} parts with a scale each.
const_assert LOAD == {{ parts | length }}u * GROUP_SIZE && GROUP_SIZE % WEIGHTS_PER_WORD == 0u;
{% else %}
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % LOAD == 0u;
{% endif %}
{% endif %}

// A matrix of each subgroup on its way into registers. No other subgroup touches it, so that none waits for others.
var<workgroup> tile: array<vec4<f16>, SUBGROUPS * SIDE * STRIDE>;
// The sums of each subgroup, of a block and of the one before.
var<workgroup> partial: array<f32, 2u * SUBGROUPS * SIDE * SIDE>;

{% if scale_functions %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% if scale_load > 1 %}
{% include "common/neighbouring_scales.wgsl" %}
{% endif %}
{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}
{% include "common/dequantize_codebook.wgsl" %}
{% elif affine %}
{% include "common/dequantize_by_mantissa.wgsl" %}
{% else %}
{% include "held_matrix/dequantize.wgsl" %}
{% endif %}
{% include "held_matrix/stage.wgsl" %}
{% include "common/epilogue.wgsl" %}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    {% if encoding == "codebook" %}
    {% set invocation = "thread" %}
    {% set invocations = "THREADS" %}
    {% include "common/load_levels.wgsl" %}
    {% endif %}
    // The row of a matrix that a lane writes, a column of the block, and which part of it. Two lanes side by side share a column, and load neighbours of it: what a
    // load takes is the number of places in memory that its lanes meet in. Every other column, so that what eight lanes write lies in different banks.
    let row = lane / 16u * 8u + lane / PARTS % 4u * 2u + lane / 8u % 2u;
    let part = lane % PARTS;
    let own = subgroup * (SIDE * STRIDE);
    let place = own + row * STRIDE + part * (VECTORS / PARTS);
    let blocks = (params.N + SIDE - 1u) / SIDE;
    var turn = 0u;

    for (var first = 0u; first < {{ k }}; first += PASS) {
        // The subgroup's share. Past the end of K it repeats the last one, whose weights meet zeros there. A lane loads the scales of one span of it.
        let share = first + subgroup * SHARE;
        let weights = min(share, {{ k }} - SHARE);
        let k = weights + part * SPAN;
        {% for scale in span_scales %}
        let group_{{ scale.index }} = {% if scale.k > 0 %}(k + {{ scale.k }}u){% else %}k{% endif %} / {{ group_size }};
        {% endfor %}
        // What the lane multiplies of the first block is on its way while the inputs are.
        let first_n = min(workgroup.x * SIDE + row, params.N - 1u);
        let first_words = first_n * ({{ k }} / LOAD) + weights / LOAD + part;
        {% for load in loads %}
        var q_{{ load.index }} = weight[first_words{% if load.index > 0 %} + {{ load.index }}u * PARTS{% endif %}];
        {% endfor %}
        {% set declare = "var " %}
        {% set n = "first_n" %}
        {% include "held_matrix/load_scales.wgsl" %}

        {% include "held_matrix/hold_inputs.wgsl" %}

        // Blocks are dealt to the workgroups one after the other.
        for (var block = workgroup.x; block < blocks; block += workgroups.x) {
            // A lane of the first ones finishes an output of the block. What its sum is added to is on its way.
            let m = thread / SIDE;
            let column = block * SIDE + thread % SIDE;
            let y = params.output_offset + m * params.output_stride + column;
            let stored = m < params.M && column < params.N;
            var total = 0.0;
            if (stored) {
                {% include "held_matrix/sum_before.wgsl" %}
            }
            // Columns past the edge repeat the last one; the store drops them. So do blocks past the last.
            let next_n = min((block + workgroups.x) * SIDE + row, params.N - 1u);
            let next_words = next_n * ({{ k }} / LOAD) + weights / LOAD + part;

            {% include "held_matrix/multiply.wgsl" %}

            {% include "held_matrix/store.wgsl" %}
        }
        {% include "held_matrix/use_last_loads.wgsl" %}
    }
}
