{# One lane's share of the inner products: loads lane_k, lane_k + LANES_K, ... of each of its columns, for all rows. #}
{% for r in range(end=rows) %}
{% for block in blocks %}
var sum_{{ r }}_{{ block.index }} = {{ sum_type }}();
{% endfor %}
{% endfor %}
let first_n = n + lane_n * LANE_COLUMNS;
// Columns past the edge repeat the last one, and scales the last of the padding; the store drops them.
{% for c in range(end=columns) %}
{% if scales.order == "columns" %}
let column_{{ c }} = min(first_n{% if c > 0 %} + {{ c }}u{% endif %}, params.N - 1u);
let row_{{ c }} = column_{{ c }} * loads;
{% else %}
let row_{{ c }} = min(first_n{% if c > 0 %} + {{ c }}u{% endif %}, params.N - 1u) * loads;
{% endif %}
{% endfor %}
{% if scales.order == "groups" %}
{% for block in blocks %}
let n_{{ block.index }} = min(first_n{% if block.index > 0 %} + {{ block.first }}u{% endif %}, params.padded_N - {{ block.width }}u);
{% endfor %}
{% endif %}

// What the next step needs is on its way while a step multiplies.
{% for c in range(end=columns) %}
var next_{{ c }}: {{ weight_type }};
{% endfor %}
{% for block in blocks %}
var next_scale_{{ block.index }}: {{ sum_type }};
{% if affine %}
var next_offset_{{ block.index }}: {% if scale_load == 1 or scales.format == "f32" and encoding == "minimum" %}{{ sum_type }}{% else %}{{ offset_type }}{% endif %};
{% endif %}
{% endfor %}
var load = lane_k;
if (load < loads) {
    {% include "skinny/load.wgsl" %}
}
while (load < loads) {
    {% for c in range(end=columns) %}
    let q_{{ c }} = next_{{ c }};
    {% endfor %}
    {% for block in blocks %}
    {% if encoding == "codebook" %}
    let scales_{{ block.index }} = next_scale_{{ block.index }};
    {% else %}
    let scales_{{ block.index }} = scales_by_nibble(next_scale_{{ block.index }});
    {% endif %}
    {% if affine %}
    let offset_{{ block.index }} = offset_beside(next_scale_{{ block.index }}, {% if scale_load == 1 %}next_offset_{{ block.index }}{% elif encoding == "zero_point" %}unpack_offsets(next_offset_{{ block.index }}){% elif scales.format == "f32" %}next_offset_{{ block.index }}{% else %}unpack_scales(next_offset_{{ block.index }}){% endif %});
    {% endif %}
    {% endfor %}
    let k = 2u * WORDS * load;
    load += LANES_K;
    if (load < loads) {
        {% include "skinny/load.wgsl" %}
    }
    {% for word in words %}
    {% for block in blocks %}
    let words_{{ word.index }}_{{ block.index }} = vec4<u32>({% for column in block.columns %}q_{{ column.index }}{{ word.component }}{% if not loop.last %}, {% endif %}{% endfor %});
    {% endfor %}
    {% for half in [0, 1] %}
    // Weights {{ word.k + half * 4 }} to {{ word.k + half * 4 + 3 }} of the load.
    {
        {% for block in blocks %}
        let w_{{ block.index }} = dequantize(words_{{ word.index }}_{{ block.index }}{% if half == 1 %} >> vec4<u32>(16u){% endif %}, scales_{{ block.index }}{% if affine %}, offset_{{ block.index }}{% endif %});
        {% endfor %}
        {% for r in range(end=rows) %}
        {% if columns == 4 %}
        sum_{{ r }}_0 = multiply_add(sum_{{ r }}_0, input[x_{{ r }} + k{% if word.index * 2 + half > 0 %} + {{ word.index * 2 + half }}u{% endif %}], w_0);
        {% else %}
        let x_{{ r }}_k = input[x_{{ r }} + k{% if word.index * 2 + half > 0 %} + {{ word.index * 2 + half }}u{% endif %}];
        {% for block in blocks %}
        sum_{{ r }}_{{ block.index }} = multiply_add(sum_{{ r }}_{{ block.index }}, x_{{ r }}_k, w_{{ block.index }});
        {% endfor %}
        {% endif %}
        {% endfor %}
    }
    {% endfor %}
    {% endfor %}
}
