{# The inner products of a thread's tile for any K and any group size: word by word, the tail of K masked. #}
// Rows and columns past the edge repeat the last one; the store drops them.
{% for r in range(end=rows) %}
let x_{{ r }} = params.input_offset + {% if r == 0 %}m{% else %}min(m + {{ r }}u, params.M - 1u){% endif %} * {{ k }};
{% endfor %}
{% for c in range(end=columns) %}
let n_{{ c }} = {% if c == 0 %}n{% else %}min(n + {{ c }}u, params.N - 1u){% endif %};
{% endfor %}
for (var k = 0u; k < {{ k }}; k += WEIGHTS_PER_WORD) {
    {% for c in range(end=columns) %}
    let q_{{ c }} = load_word(n_{{ c }}, k);
    {% endfor %}
    {% if scale_per == "word" %}
    let group = k / {{ group_size }};
    {% for block in blocks %}
    {% include "common/scale_of_block.wgsl" %}
    let low_{{ block.index }} = mat{{ block.width }}x4<f32>({% for column in block.columns %}dequantize_low(q_{{ column.index }}){% if not loop.last %}, {% endif %}{% endfor %});
    let high_{{ block.index }} = mat{{ block.width }}x4<f32>({% for column in block.columns %}dequantize_high(q_{{ column.index }}){% if not loop.last %}, {% endif %}{% endfor %});
    {% endfor %}
    {% else %}
    // A group boundary may lie within a word, so every weight has its own scale.
    {% for block in blocks %}
    let low_{{ block.index }} = mat{{ block.width }}x4<f32>(
        {% for column in block.columns %}
        {% if affine %}
        weights_of(n_{{ column.index }}, k, dequantize_low(q_{{ column.index }})),
        {% else %}
        load_scales(n_{{ column.index }}, k) * dequantize_low(q_{{ column.index }}),
        {% endif %}
        {% endfor %}
    );
    let high_{{ block.index }} = mat{{ block.width }}x4<f32>(
        {% for column in block.columns %}
        {% if affine %}
        weights_of(n_{{ column.index }}, k + 4u, dequantize_high(q_{{ column.index }})),
        {% else %}
        load_scales(n_{{ column.index }}, k + 4u) * dequantize_high(q_{{ column.index }}),
        {% endif %}
        {% endfor %}
    );
    {% endfor %}
    {% endif %}
    {% for r in range(end=rows) %}
    let x_{{ r }}_low = load_input(x_{{ r }}, k);
    let x_{{ r }}_high = load_input(x_{{ r }}, k + 4u);
    {% if affine and scale_per == "word" %}
    let x_{{ r }}_sum = dot(x_{{ r }}_low + x_{{ r }}_high, vec4<f32>(1.0));
    {% endif %}
    {% for block in blocks %}
    sum_{{ r }}_{{ block.index }} += {% if scale_per == "word" %}scale_{{ block.index }} * ({% endif %}x_{{ r }}_low * low_{{ block.index }} + x_{{ r }}_high * high_{{ block.index }}{% if scale_per == "word" %}){% endif %};
    {% if affine and scale_per == "word" %}
    sum_{{ r }}_{{ block.index }} += offset_{{ block.index }} * x_{{ r }}_sum;
    {% endif %}
    {% endfor %}
    {% endfor %}
}
