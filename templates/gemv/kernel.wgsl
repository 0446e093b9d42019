{# Persistent GEMV: the lanes of a workgroup divide K among themselves, {{ chunk }} weights of every column at a time, and stride over blocks of columns. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Lanes per workgroup.
const WIDTH: u32 = {{ width }}u;
// Output columns of a block.
const COLUMNS: u32 = {{ columns }}u;
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = {{ words | length }}u * WEIGHTS_PER_WORD;
{% if residents | length > 0 %}
// Chunks of the input that a lane keeps in registers.
const RESIDENT: u32 = {{ residents | length }}u;
{% endif %}
{% if staged %}
// Vectors of half a chunk, and from those of one lane to the next: odd, so that eight lanes reach into different banks.
const HALF: u32 = CHUNK / 8u;
const STRIDE: u32 = HALF + 1u;
var<workgroup> staged: array<vec4<f32>, WIDTH * STRIDE>;
{% endif %}
{% if fixed_k %}
// No load straddles two rows{% if residents | length > 0 %}, and the lanes hold a whole one{% endif %}.
const_assert K % CHUNK == 0u{% if residents | length > 0 %} && K <= RESIDENT * WIDTH * CHUNK{% endif %};
{% endif %}
{% if fixed_group_size %}
{% if parts | length > 1 %}
// Group boundaries split a load into whole words, {{ parts | length }} parts with a scale each.
const_assert CHUNK == {{ parts | length }}u * GROUP_SIZE && GROUP_SIZE % WEIGHTS_PER_WORD == 0u;
{% else %}
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % CHUNK == 0u;
{% endif %}
{% endif %}
{% if reduction == "subgroup" %}
// No device has subgroups of fewer lanes, so no workgroup has more subgroups than there are partial sums.
const MIN_SUBGROUP_SIZE: u32 = {{ min_subgroup_size }}u;
const PARTIALS: u32 = WIDTH / MIN_SUBGROUP_SIZE;
// Two sets that take turns: while one is being read the next round fills the other.
var<workgroup> partial: array<f32, 2u * PARTIALS * COLUMNS>;
{% else %}
// Lanes that share a column when the sums of all lanes are added up.
const LANES_PER_COLUMN: u32 = WIDTH / COLUMNS;
var<workgroup> lane_sums: array<f32, WIDTH * COLUMNS>;
var<workgroup> column_sums: array<f32, WIDTH>;
{% endif %}

{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}
{% endif %}
{% if encoding == "codebook" %}
{% include "gemv/accumulate_codebook.wgsl" %}
{% elif numeric == "int8_activations" %}
{% include "gemv/accumulate_int8.wgsl" %}
{% else %}
{% include "gemv/accumulate_exact.wgsl" %}
{% endif %}
{% if not staged %}
{% include "gemv/load_input.wgsl" %}
{% endif %}
{% if scale_functions %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% include "common/epilogue.wgsl" %}

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    {% if reduction == "subgroup" %}
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_size) subgroup_size: u32,
    @builtin(subgroup_invocation_id) subgroup_lane: u32,
    {% endif %}
) {
    {% if encoding == "codebook" %}
    {% set invocation = "lane" %}
    {% set invocations = "WIDTH" %}
    {% include "common/load_levels.wgsl" %}
    {% endif %}
    let chunks = {{ k }} / CHUNK;
    {% if not fixed_group_size %}
    let chunks_per_group = params.group_size / CHUNK;
    {% endif %}
    {% for resident in residents %}
    {% if resident == 0 %}
    // This lane's share of the input stays in registers for all blocks.
    {% endif %}
    {% if staged %}
    {% include "gemv/stage_input.wgsl" %}
    {% else %}
    let x_{{ resident }} = load_input({% if resident == 0 %}lane{% else %}lane + {{ resident }}u * WIDTH{% endif %}{% if masked_lanes %}, chunks{% endif %});
    {% endif %}
    {% endfor %}
    {% if reduction == "subgroup" %}
    var turn = 0u;
    {% endif %}
    // Every workgroup strides over the blocks, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
        let row_0 = n * chunks;
        {% if columns > 1 %}
        // Columns past the edge repeat the last one; the store drops them.
        {% for c in range(start=1, end=columns) %}
        let row_{{ c }} = min(n + {{ c }}u, params.N - 1u) * chunks;
        {% endfor %}
        {% endif %}
        {% for block in blocks %}
        var sum_{{ block.index }} = {{ sum_type }}();
        {% endfor %}

        {% if residents | length > 0 %}
        {% for resident in residents %}
        {% if not masked_lanes %}
        {
            let chunk = lane{% if resident > 0 %} + {{ resident }}u * WIDTH{% endif %};
        {% else %}
        {% if resident == 0 %}
        if (lane < chunks) {
            let chunk = lane;
        {% else %}
        if (lane + {{ resident }}u * WIDTH < chunks) {
            let chunk = lane + {{ resident }}u * WIDTH;
        {% endif %}
        {% endif %}
            {% set x = "x_" ~ resident %}
            {% include "gemv/inner_product.wgsl" %}
        }
        {% endfor %}
        {% else %}
        for (var chunk = lane; chunk < chunks; chunk += WIDTH) {
            {% set x = "x" %}
            {% include "gemv/inner_product.wgsl" %}
        }
        {% endif %}

        {% if reduction == "subgroup" %}
        {% include "gemv/reduction_subgroup.wgsl" %}
        {% else %}
        {% include "gemv/reduction_shared.wgsl" %}
        {% endif %}
    }
}
