{# Held cooperative matrices: each subgroup keeps its part of the inputs in registers while blocks of columns pass. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Rows and columns of a matrix, which holds all rows of the input, and the columns of a block.
const SIDE: u32 = {{ side }}u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = {{ subgroup_size }}u;
const HALF: u32 = SUBGROUP_SIZE / 2u;
const SUBGROUPS: u32 = {{ subgroups }}u;
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;
// Matrices of inputs that a subgroup holds.
const HELD: u32 = {{ held }}u;
// Elements of K that a subgroup holds, and all of them.
const SHARE: u32 = HELD * SIDE;
const PASS: u32 = SUBGROUPS * SHARE;
// Elements of K that a lane loads of a column at once, and lanes side by side that share a column, a load of each.
const LOAD: u32 = {{ load }}u;
const PARTS: u32 = SHARE / LOAD;
// Vectors of a row of a matrix, of which a lane writes one.
const VECTORS: u32 = SIDE / 4u;
// From one row of a tile to the next, which has a vector from each lane of a column: an odd number of 16 bytes, so that the same part of eight neighbouring rows fills all banks.
const STRIDE: u32 = PARTS + 2u;

// All columns of a block have their lanes, and all lanes of a column their place in one of the matrices that pass through the tile at once.
const_assert SIDE * PARTS == {{ columns | length }}u * SUBGROUP_SIZE && PARTS == {{ steps[0].matrices | length }}u * VECTORS;
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

// What each subgroup has on its way into registers. No other subgroup touches it, so that none waits for others.
var<workgroup> tile: array<vec4<f16>, SUBGROUPS * SIDE * STRIDE>;
// The sums of each subgroup.
var<workgroup> partial: array<f32, SUBGROUPS * SIDE * SIDE>;

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
{% set opaque = true %}
{% include "common/mantissa.wgsl" %}
{% else %}
{% include "common/dequantize_f16.wgsl" %}
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
    {% if encoding != "codebook" %}
    {% include "common/magic.wgsl" %}
    {% endif %}
    // The first row of the tile that a lane writes, which is a column of the block, and what part of it. What half of a subgroup writes at once lies in different banks.
    let row = lane % HALF / PARTS * (SIDE / 2u / (HALF / PARTS)) + lane / HALF;
    let part = lane % PARTS;
    let own = subgroup * (SIDE * STRIDE);
    let place = own + row * STRIDE + part;
    let blocks = (params.N + SIDE - 1u) / SIDE;

    for (var first = 0u; first < {{ k }}; first += PASS) {
        // The subgroup's share. Past the end of K it repeats the last one, whose weights meet zeros there.
        let share = first + subgroup * SHARE;
        let weights = min(share, {{ k }} - SHARE);
        let first_word = weights / LOAD + part;
        {% for part in parts %}
        let group{{ part.suffix }} = (weights + part * LOAD{% if part.k > 0 %} + {{ part.k }}u{% endif %}) / {{ group_size }};
        {% endfor %}
        {% include "held_matrix/load_inputs.wgsl" %}
        // What the lane multiplies of the first block is on its way while inputs become matrices.
        {% for column in columns %}
        let first_n_{{ column.index }} = min(workgroup.x * SIDE + row{% if column.row > 0 %} + {{ column.row }}u{% endif %}, params.N - 1u);
        {% endfor %}
        {% set declare = "var " %}
        {% set n = "first_n" %}
        {% include "held_matrix/load_scales.wgsl" %}
        {% for column in columns %}
        var q_{{ column.index }} = weight[first_n_{{ column.index }} * ({{ k }} / LOAD) + first_word];
        {% endfor %}
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
            {% for column in columns %}
            let next_n_{{ column.index }} = min((block + workgroups.x) * SIDE + row{% if column.row > 0 %} + {{ column.row }}u{% endif %}, params.N - 1u);
            {% endfor %}

            {% include "held_matrix/multiply.wgsl" %}

            {% include "held_matrix/store.wgsl" %}
        }
        {% include "held_matrix/use_last_loads.wgsl" %}
    }
}
