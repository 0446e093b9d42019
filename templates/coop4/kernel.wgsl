{# Cooperative GEMV: the lanes of a workgroup share a block of columns and divide K among themselves. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Lanes per workgroup.
const WIDTH: u32 = {{ width }}u;
// Output columns per workgroup.
const COLUMNS: u32 = {{ columns }}u;
{% if words | length > 1 %}
// Words of a row that a lane loads at once.
const WORDS: u32 = {{ words | length }}u;
{% endif %}

{% if reduction == "shared" %}
// The reduction halves the lanes until one is left.
const_assert 0u == (WIDTH & (WIDTH - 1u));
{% endif %}
{% if fixed_k %}
{% if words | length > 1 %}
// No load straddles two rows.
const_assert K % (WORDS * WEIGHTS_PER_WORD) == 0u;
{% else %}
// No word straddles two rows.
const_assert K % WEIGHTS_PER_WORD == 0u;
{% endif %}
{% endif %}
{% if fixed_group_size %}
{% if words | length > 1 %}
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % (WORDS * WEIGHTS_PER_WORD) == 0u;
{% else %}
// No group boundary splits a word, so a word has one scale.
const_assert GROUP_SIZE % WEIGHTS_PER_WORD == 0u;
{% endif %}
{% endif %}

{% if reduction == "subgroup" %}
// No device has subgroups of fewer lanes, so no workgroup has more subgroups than there are partial sums.
const MIN_SUBGROUP_SIZE: u32 = {{ min_subgroup_size }}u;
const PARTIALS: u32 = WIDTH / MIN_SUBGROUP_SIZE;
{% else %}
const PARTIALS: u32 = WIDTH;
{% endif %}
{% for block in blocks %}
var<workgroup> partial_{{ block.index }}: array<{{ sum_type }}, PARTIALS>;
{% endfor %}

{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}
{% endif %}
{% if encoding == "codebook" %}
{% include "common/dequantize_codebook.wgsl" %}
{% else %}
{% include "common/dequantize.wgsl" %}
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
    @builtin(subgroup_invocation_id) subgroup_lane: u32,
    {% endif %}
) {
    {% if encoding == "codebook" %}
    {% set invocation = "lane" %}
    {% set invocations = "WIDTH" %}
    {% include "common/load_levels.wgsl" %}
    {% endif %}
    {% if words | length > 1 %}
    let loads = {{ k }} / (WORDS * WEIGHTS_PER_WORD);
    {% else %}
    let words = {{ k }} / WEIGHTS_PER_WORD;
    {% endif %}
    let x = params.input_offset / 4u;
    {% if not fixed_group_size %}
    {% if words | length > 1 %}
    let loads_per_group = params.group_size / (WORDS * WEIGHTS_PER_WORD);
    {% else %}
    let words_per_group = params.group_size / WEIGHTS_PER_WORD;
    {% endif %}
    {% endif %}
    // Every workgroup strides over the columns, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
        let row_0 = n * {% if words | length > 1 %}loads{% else %}words{% endif %};
        {% if columns > 1 %}
        // Columns past the edge repeat the last one; the store drops them.
        {% for c in range(start=1, end=columns) %}
        let row_{{ c }} = min(n + {{ c }}u, params.N - 1u) * {% if words | length > 1 %}loads{% else %}words{% endif %};
        {% endfor %}
        {% endif %}

        {% if words | length > 1 %}
        {% include "coop4/inner_product_wide.wgsl" %}
        {% else %}
        {% include "coop4/inner_product.wgsl" %}
        {% endif %}

        {% if reduction == "subgroup" %}
        {% include "coop4/reduction_subgroup.wgsl" %}
        {% else %}
        {% include "coop4/reduction_shared.wgsl" %}
        {% endif %}
        if (lane == 0u) {
            {% if reduction == "subgroup" %}
            {% include "coop4/totals_subgroup.wgsl" %}
            {% endif %}
            {% include "coop4/store.wgsl" %}
        }
        // The next round must not overwrite sums that are still being read.
        workgroupBarrier();
    }
}
