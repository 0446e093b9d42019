{# Skinny kernel: the lanes of a workgroup share a block of columns, divide K among themselves, and use every weight for all rows. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// The most rows of input.
const ROWS: u32 = {{ rows }}u;
// Lanes and output columns per workgroup.
const WIDTH: u32 = {{ width }}u;
const COLUMNS: u32 = {{ columns_of_workgroup }}u;
// Output columns of a lane.
const LANE_COLUMNS: u32 = {{ columns }}u;
// Lanes beside each other over the columns. In front of them stand the {{ quad }} lanes of a quad, which share columns and read
// neighbouring weights of them, so the lanes over K are all quads behind each other.
const QUAD: u32 = {{ quad }}u;
const LANES_N: u32 = COLUMNS / LANE_COLUMNS;
const LANES_K: u32 = WIDTH / LANES_N;
// Words of a row that a lane loads at once.
const WORDS: u32 = {{ words | length }}u;

const_assert COLUMNS % LANE_COLUMNS == 0u && WIDTH % (QUAD * LANES_N) == 0u;
{% if fixed_k %}
// No load straddles two rows.
const_assert K % (WORDS * WEIGHTS_PER_WORD) == 0u;
{% endif %}
{% if fixed_group_size %}
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % (WORDS * WEIGHTS_PER_WORD) == 0u;
{% endif %}

// Partial sums of an output that meet in workgroup memory, and for how many rows at once.
const PARTIALS: u32 = {{ partials }}u;
const ROWS_AT_ONCE: u32 = {{ rows_at_once }}u;
// Vectors between the partial sums of neighbouring rows: chosen so that no two lanes meet in one bank.
const PARTIAL_STRIDE: u32 = {{ partial_stride }}u;
{% if staged %}
// Vectors of four inputs of a row that a lane needs for a step, and those of all lanes.
const VECTORS: u32 = {{ staged.vectors }}u;
const ROW_VECTORS: u32 = VECTORS * LANES_K;
// Inputs of a step, of all rows; after the last step partial sums meet there.
var<workgroup> tile: array<vec4<f32>, max(ROWS * ROW_VECTORS, PARTIALS * ROWS_AT_ONCE * PARTIAL_STRIDE)>;
{% else %}
var<workgroup> partial: array<vec4<f32>, PARTIALS * ROWS_AT_ONCE * PARTIAL_STRIDE>;
{% endif %}

{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}
{% endif %}
{% if encoding == "codebook" %}
{% include "skinny/dequantize_codebook.wgsl" %}
{% else %}
{% if staged %}
// The bits of 2^23.
const MAGIC: u32 = {{ magic }}u;
{% endif %}
{% include "skinny/dequantize.wgsl" %}
{% endif %}
{% include "common/multiply_add.wgsl" %}
{% if reduction == "subgroup" %}
{% include "skinny/exchange.wgsl" %}
{% endif %}
{% if scale_functions %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% include "common/epilogue.wgsl" %}
{% if staged %}
{% include "skinny/staged_inputs.wgsl" %}
{% endif %}

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    {% if reduction == "subgroup" %}
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_size) subgroup_size: u32,
    @builtin(subgroup_invocation_id) subgroup_lane: u32,
    {% else %}
    @builtin(local_invocation_index) lane: u32,
    {% endif %}
) {
    {% if reduction == "subgroup" %}
    // Numbered by subgroups, so that a quad lies within one.
    let lane = subgroup * subgroup_size + subgroup_lane;
    {% endif %}
    {% if encoding == "codebook" %}
    {% set invocation = "lane" %}
    {% set invocations = "WIDTH" %}
    {% include "common/load_levels.wgsl" %}
    {% endif %}
    let lane_n = (lane / QUAD) % LANES_N;
    let lane_k = lane / (QUAD * LANES_N) * QUAD + lane % QUAD;

    let loads = {{ k }} / (WORDS * WEIGHTS_PER_WORD);
    {% if not fixed_group_size %}
    let loads_per_group = params.group_size / (WORDS * WEIGHTS_PER_WORD);
    {% endif %}
    {% if staged %}
    {% if encoding != "codebook" %}
    {% include "common/magic.wgsl" %}
    {% endif %}
    // Where the lane's vectors of the first row stand; those of the others follow.
    {% for vector in range(end=staged.vectors) %}
    let at_{{ vector }} = place(0u, lane_k * VECTORS{% if vector > 0 %} + {{ vector }}u{% endif %});
    {% endfor %}
    {% else %}
    // Rows past the edge repeat the last one; the store drops them.
    {% for r in range(end=rows) %}
    let x_{{ r }} = {% if r == 0 %}params.input_offset{% else %}(params.input_offset + min({{ r }}u, params.M - 1u) * {{ k }}){% endif %} / 4u;
    {% endfor %}
    {% endif %}

    // Every workgroup strides over the columns, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
        {% include "skinny/inner_product.wgsl" %}

        {% if reduction == "subgroup" %}
        {% include "skinny/reduction_subgroup.wgsl" %}
        {% else %}
        {% include "skinny/reduction_shared.wgsl" %}
        {% endif %}
    }
}
