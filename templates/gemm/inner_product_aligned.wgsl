{# The inner products of a thread's tile, where rows start at whole steps: group by group, so that a scale is loaded once. #}
// Rows and columns past the edge repeat the last one; the store drops them.
{% for r in range(end=rows) %}
let x_{{ r }} = (params.input_offset + {% if r == 0 %}m{% else %}min(m + {{ r }}u, params.M - 1u){% endif %} * {{ k }}) / 4u;
{% endfor %}
{% for c in range(end=columns) %}
let w_{{ c }} = {% if c == 0 %}n{% else %}min(n + {{ c }}u, params.N - 1u){% endif %} * ({{ k }} / TILE_K);
{% endfor %}
let groups = ({{ k }} + {{ group_size }} - 1u) / {{ group_size }};
for (var group = 0u; group < groups; group++) {
    {% for block in blocks %}
    {% include "common/scale_of_block.wgsl" %}
    {% endfor %}
    let end = min((group + 1u) * {{ group_size }}, {{ k }});
    for (var k = group * {{ group_size }}; k < end; k += TILE_K) {
        {% for c in range(end=columns) %}
        let q_{{ c }} = weight[w_{{ c }} + k / TILE_K];
        {% endfor %}
        {% for word in words %}
        {% if words | length > 1 %}
        // Weights k + {{ word.k }} to k + {{ word.k + 7 }}.
        {
            {% endif %}
            {% for block in blocks %}
            let low_{{ block.index }} = mat{{ block.width }}x4<f32>({% for column in block.columns %}dequantize_low(q_{{ column.index }}{{ word.component }}){% if not loop.last %}, {% endif %}{% endfor %});
            let high_{{ block.index }} = mat{{ block.width }}x4<f32>({% for column in block.columns %}dequantize_high(q_{{ column.index }}{{ word.component }}){% if not loop.last %}, {% endif %}{% endfor %});
            {% endfor %}
            {% for r in range(end=rows) %}
            let x_{{ r }}_low = input[x_{{ r }} + k / 4u{% if word.index > 0 %} + {{ word.index * 2 }}u{% endif %}];
            let x_{{ r }}_high = input[x_{{ r }} + k / 4u + {{ word.index * 2 + 1 }}u];
            {% if affine %}
            let x_{{ r }}_sum = dot(x_{{ r }}_low + x_{{ r }}_high, vec4<f32>(1.0));
            {% endif %}
            {% for block in blocks %}
            sum_{{ r }}_{{ block.index }} += scale_{{ block.index }} * (x_{{ r }}_low * low_{{ block.index }} + x_{{ r }}_high * high_{{ block.index }});
            {% if affine %}
            sum_{{ r }}_{{ block.index }} += offset_{{ block.index }} * x_{{ r }}_sum;
            {% endif %}
            {% endfor %}
            {% endfor %}
            {% if words | length > 1 %}
        }
        {% endif %}
        {% endfor %}
    }
}
