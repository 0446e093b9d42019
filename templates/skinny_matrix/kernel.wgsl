{# Cooperative matrices for a few rows: all lanes dequantise a step of K, each subgroup multiplies its part of it. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Rows and columns of a matrix, which holds all rows of the input.
const SIDE: u32 = {{ side }}u;
// Output columns of a workgroup.
const COLUMNS: u32 = {{ columns }}u;
// Elements of K that are staged at once.
const TILE_K: u32 = {{ tile_k }}u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = {{ subgroup_size }}u;
const SUBGROUPS: u32 = {{ subgroups }}u;
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;

// Elements of K that a thread loads of a column at once, and such loads of a column in one step.
const LOAD: u32 = {{ load }}u;
const STEP_LOADS: u32 = TILE_K / LOAD;
// Columns that neighbouring threads load: as many as have their staged k in different banks.
const NEIGHBOURS: u32 = {{ neighbours }}u;
// Vectors of a row of inputs in one step, and from one staged row to the next: an odd number of 16 bytes, so that the same k of eight
// neighbouring rows fills all banks.
const STEP_VECTORS: u32 = TILE_K / 4u;
const STRIDE: u32 = STEP_VECTORS + 2u;

// Matrices cover the columns, and the subgroups divide those along K evenly.
const_assert COLUMNS % SIDE == 0u && TILE_K % (SIDE * SUBGROUPS) == 0u;
// All threads load the same number of vectors.
const_assert COLUMNS % NEIGHBOURS == 0u && COLUMNS * STEP_LOADS == {{ weight_loads | length }}u * THREADS;
const_assert SIDE * STEP_VECTORS == {{ input_loads | length }}u * THREADS;
{% if fixed_k %}
// No load straddles two rows.
const_assert K % LOAD == 0u;
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

// One step of the rows of inputs and of the workgroup's columns of weights; a vector holds four consecutive k.
var<workgroup> x_tile: array<vec4<f16>, SIDE * STRIDE>;
var<workgroup> w_tile: array<vec4<f16>, COLUMNS * STRIDE>;
// One matrix of sums of each subgroup.
var<workgroup> partial: array<f32, SUBGROUPS * SIDE * SIDE>;

{% if scale_functions %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}
{% endif %}
{% include "skinny_matrix/loads.wgsl" %}
{% include "skinny_matrix/place.wgsl" %}
{% if encoding == "codebook" %}
{% include "common/dequantize_codebook.wgsl" %}
{% else %}
{% include "skinny_matrix/dequantize.wgsl" %}
{% endif %}
{% include "common/epilogue.wgsl" %}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_id) subgroup: u32,
) {
    {% if encoding == "codebook" %}
    {% set invocation = "thread" %}
    {% set invocations = "THREADS" %}
    {% include "common/load_levels.wgsl" %}
    {% endif %}
    // Which inputs of a step a thread loads: neighbouring threads neighbouring vectors.
    {% for i in input_loads %}
    {% if i == 0 %}
    let x_row_0 = thread / STEP_VECTORS;
    let x_vector_0 = thread % STEP_VECTORS;
    {% else %}
    let x_row_{{ i }} = (thread + {{ i }}u * THREADS) / STEP_VECTORS;
    let x_vector_{{ i }} = (thread + {{ i }}u * THREADS) % STEP_VECTORS;
    {% endif %}
    {% endfor %}
    // Which weights: of neighbouring columns the same k, then of these columns the next.
    {% for i in weight_loads %}
    {% if i == 0 %}
    let w_column_0 = thread / (NEIGHBOURS * STEP_LOADS) * NEIGHBOURS + thread % NEIGHBOURS;
    let w_load_0 = thread / NEIGHBOURS % STEP_LOADS;
    {% else %}
    let w_column_{{ i }} = (thread + {{ i }}u * THREADS) / (NEIGHBOURS * STEP_LOADS) * NEIGHBOURS + thread % NEIGHBOURS;
    let w_load_{{ i }} = (thread + {{ i }}u * THREADS) / NEIGHBOURS % STEP_LOADS;
    {% endif %}
    {% endfor %}

    // Every workgroup strides over the columns, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
        // Columns past the edge repeat the last one; the store drops them.
        {% for i in weight_loads %}
        let n_{{ i }} = min(n + w_column_{{ i }}, params.N - 1u);
        {% endfor %}
        {% for s in stages %}
        {% for i in input_loads %}
        var x_{{ s }}_{{ i }} = load_input(x_row_{{ i }}, {% if s > 0 %}{% if s > 1 %}{{ s }}u * {% endif %}TILE_K + {% endif %}4u * x_vector_{{ i }});
        {% endfor %}
        {% for i in weight_loads %}
        var w_{{ s }}_{{ i }} = load_weights(n_{{ i }}, {% if s > 0 %}{% if s > 1 %}{{ s }}u * {% endif %}TILE_K + {% endif %}LOAD * w_load_{{ i }});
        {% for part in parts %}
        var scale_{{ s }}_{{ i }}{{ part.suffix }} = scale_of(n_{{ i }}, {% if s > 0 %}{% if s > 1 %}{{ s }}u * {% endif %}TILE_K + {% endif %}LOAD * w_load_{{ i }}{% if part.k > 0 %} + {{ part.k }}u{% endif %});
        {% if affine %}
        var offset_{{ s }}_{{ i }}{{ part.suffix }} = offset_of(n_{{ i }}, {% if s > 0 %}{% if s > 1 %}{{ s }}u * {% endif %}TILE_K + {% endif %}LOAD * w_load_{{ i }}{% if part.k > 0 %} + {{ part.k }}u{% endif %});
        {% endif %}
        {% endfor %}
        {% endfor %}
        {% endfor %}

        {% for j in range(end=matrices) %}
        var sum_{{ j }} = coop_mat{{ side }}x{{ side }}<f32, C>();
        {% endfor %}
        for (var k = 0u; k < {{ k }}; k += {% if stages | length > 1 %}{{ stages | length }}u * {% endif %}TILE_K) {
            {% for s in stages %}
            // Everybody has multiplied what lay there before.
            workgroupBarrier();
            {% include "skinny_matrix/stage.wgsl" %}
            workgroupBarrier();
            {% include "skinny_matrix/next_loads.wgsl" %}
            {% include "skinny_matrix/multiply.wgsl" %}
            {% endfor %}
        }

        {% include "skinny_matrix/store.wgsl" %}
    }
}
