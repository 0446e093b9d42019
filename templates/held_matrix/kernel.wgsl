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
// Lanes that share a column, and elements of K of it that each of them multiplies in a pass: neighbours in memory, and a part of every matrix.
const PARTS: u32 = SUBGROUP_SIZE / SIDE;
const SPAN: u32 = SHARE / PARTS;
// Lanes that load the inputs of a word's weights, four each.
const PAIR: u32 = WEIGHTS_PER_WORD / 4u;
// Elements of K that a lane loads of a column at once.
const LOAD: u32 = {{ load }}u;
// Vectors of a row of a matrix, and from one row to the next: an odd number of 16 bytes, so that the same part of eight neighbouring rows fills all banks.
const VECTORS: u32 = SIDE / 4u;
const STRIDE: u32 = VECTORS + 2u;

// A word of a lane is its part of one matrix, and its loads are whole.
const_assert SIDE / PARTS == WEIGHTS_PER_WORD && SPAN == {{ loads | length }}u * LOAD;
// Every row of a matrix of inputs has a pair of lanes.
const_assert SIDE * PAIR == SUBGROUP_SIZE;
// Every output of a block has a lane.
const_assert SIDE * SIDE <= THREADS;
{% if fixed_k %}
// A span lies within K or past its end, as a whole.
const_assert K % SPAN == 0u;
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
    // The row of a matrix that a lane writes, a row of the inputs or a column of the block, and which part of it.
    let row = lane % SIDE;
    let part = lane / SIDE;
    let own = subgroup * (SIDE * STRIDE);
    let place = own + row * STRIDE + part * (VECTORS / PARTS);
    let blocks = (params.N + SIDE - 1u) / SIDE;
    var turn = 0u;

    for (var first = 0u; first < {{ k }}; first += PASS) {
        // The lane's span. Past the end of K it repeats the last one, whose weights meet zeros there.
        let span = first + subgroup * SHARE + part * SPAN;
        let k = min(span, {{ k }} - SPAN);
        {% for scale in span_scales %}
        let group_{{ scale.index }} = {% if scale.k > 0 %}(k + {{ scale.k }}u){% else %}k{% endif %} / {{ group_size }};
        {% endfor %}
        // What the lane multiplies of the first block is on its way while the inputs are.
        let first_n = min(workgroup.x * SIDE + row, params.N - 1u);
        let first_words = first_n * ({{ k }} / LOAD) + k / LOAD;
        {% for load in loads %}
        var q_{{ load.index }} = weight[first_words{% if load.index > 0 %} + {{ load.index }}u{% endif %}];
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
            let next_words = next_n * ({{ k }} / LOAD) + k / LOAD;

            {% include "held_matrix/multiply.wgsl" %}

            {% include "held_matrix/store.wgsl" %}
        }
        {% include "held_matrix/use_last_loads.wgsl" %}
    }
}
