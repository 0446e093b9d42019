{# Matrix GEMM: f16 tiles of inputs and dequantised weights in workgroup memory, multiplied as cooperative matrices. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Outputs of a workgroup.
const TILE_M: u32 = {{ tile_m }}u;
const TILE_N: u32 = {{ tile_n }}u;
// Elements of K that are staged at once.
const TILE_K: u32 = {{ tile_k }}u;
// Outputs of a subgroup.
const SUBGROUP_M: u32 = {{ subgroup_m }}u;
const SUBGROUP_N: u32 = {{ subgroup_n }}u;
// Rows and columns of a matrix.
const SIDE: u32 = {{ side }}u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = {{ subgroup_size }}u;
const SUBGROUPS_N: u32 = TILE_N / SUBGROUP_N;
const SUBGROUPS: u32 = (TILE_M / SUBGROUP_M) * SUBGROUPS_N;
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;

// Words of a row of weights and vectors of a row of inputs in one step.
const STEP_WORDS: u32 = TILE_K / WEIGHTS_PER_WORD;
const STEP_VECTORS: u32 = TILE_K / 4u;
// Vectors from one staged row to the next: an odd number of 16 bytes, so that the same k of eight neighbouring rows fills all banks.
const STRIDE: u32 = STEP_VECTORS + 2u;
{% if buffers > 1 %}
// Steps that are staged at the same time.
const BUFFERS: u32 = {{ buffers }}u;
{% endif %}

// Matrices cover the subgroups' tiles, and these the workgroup's.
const_assert TILE_M % SUBGROUP_M == 0u && TILE_N % SUBGROUP_N == 0u;
const_assert SUBGROUP_M % SIDE == 0u && SUBGROUP_N % SIDE == 0u && TILE_K % SIDE == 0u;
// All threads load the same number of words and vectors.
const_assert TILE_M * STEP_VECTORS == {{ input_loads }}u * THREADS;
const_assert TILE_N * STEP_WORDS == {{ weight_loads }}u * THREADS;
const_assert 1u == (STRIDE / 2u) % 2u;
{% if fixed_k %}
// No word straddles two rows.
const_assert K % WEIGHTS_PER_WORD == 0u;
{% endif %}
{% if fixed_group_size %}
// No group boundary splits a word, so a word has one scale.
const_assert GROUP_SIZE % WEIGHTS_PER_WORD == 0u;
{% endif %}

// {% if buffers > 1 %}The steps that are staged{% else %}One step{% endif %} of the workgroup's rows of inputs and columns of weights; a vector holds four consecutive k.
var<workgroup> x_tile: array<vec4<f16>, {% if buffers > 1 %}BUFFERS * {% endif %}TILE_M * STRIDE>;
var<workgroup> w_tile: array<vec4<f16>, {% if buffers > 1 %}BUFFERS * {% endif %}TILE_N * STRIDE>;
{% if bias != "never" %}
// What the sums of each column start from.
var<workgroup> bias_tile: array<f32, TILE_N>;
{% endif %}
// One matrix of each subgroup, on its way to {% if direct_stores %}outputs that do not all exist{% else %}the output{% endif %}.
var<workgroup> output_tile: array<f32, SUBGROUPS * SIDE * SIDE>;

{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}
{% endif %}
{% if encoding == "codebook" %}
{% include "common/dequantize_codebook.wgsl" %}
{% elif affine %}
{% include "common/dequantize_by_mantissa.wgsl" %}
{% else %}
{% include "common/dequantize_f16.wgsl" %}
{% endif %}
{% if scale_functions %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% include "common/tile_loads.wgsl" %}
{% if bias != "never" %}
{% include "common/load_bias.wgsl" %}
{% endif %}
{% include "common/store_matrix.wgsl" %}

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
    {% include "common/tile_of_workgroup.wgsl" %}
    // The subgroup's part of the tile.
    let subgroup_m = (subgroup / SUBGROUPS_N) * SUBGROUP_M;
    let subgroup_n = (subgroup % SUBGROUPS_N) * SUBGROUP_N;

    {% set divided = false %}
    {% include "common/first_tile_loads.wgsl" %}

    {% include "matrix/accumulators.wgsl" %}
    {% if buffers > 1 %}
    var buffer = 0u;
    {% include "matrix/stage.wgsl" %}
    for (var k = 0u; k < {{ k }}; k += TILE_K) {
        // This step is staged, and everybody has multiplied the one before, whose buffer takes the next.
        workgroupBarrier();
        {% include "common/next_tile_loads.wgsl" %}
        {% include "matrix/multiply.wgsl" %}
        buffer = 1u - buffer;
        {% include "matrix/stage.wgsl" %}
    }
    {% else %}
    for (var k = 0u; k < {{ k }}; k += TILE_K) {
        // Everybody has multiplied what lay there before.
        workgroupBarrier();
        {% include "matrix/stage.wgsl" %}
        workgroupBarrier();
        {% include "common/next_tile_loads.wgsl" %}
        {% include "matrix/multiply.wgsl" %}
    }
    {% endif %}

    {% set first_row = "tile_m + subgroup_m" %}
    {% set store_barrier = "workgroupBarrier" %}
    {% set store_rounds = 1 %}
    {% include "common/store_matrices.wgsl" %}
}
