{# One lane's share of the inner products: words lane, lane + WIDTH, ... of each row. #}
{% for block in blocks %}
var sum_{{ block.index }} = {{ sum_type }}();
{% endfor %}
for (var word = lane; word < words; word += WIDTH) {
    let x_low = input[x + 2u * word];
    let x_high = input[x + 2u * word + 1u];
    {% for c in range(end=columns) %}
    let q_{{ c }} = weight[row_{{ c }} + word];
    {% endfor %}
    {% if fixed_group_size %}
    let group = word / (GROUP_SIZE / WEIGHTS_PER_WORD);
    {% else %}
    let group = word / words_per_group;
    {% endif %}
    {% if affine %}
    let x_sum = dot(x_low + x_high, vec4<f32>(1.0));
    {% endif %}
    {% for block in blocks %}
    {% include "common/scale_of_block.wgsl" %}
    {% if columns == 1 %}
    sum_0 += scale_0 * (dot(x_low, dequantize_low(q_0)) + dot(x_high, dequantize_high(q_0)));
    {% else %}
    let low_{{ block.index }} = mat{{ block.width }}x4<f32>({% for column in block.columns %}dequantize_low(q_{{ column.index }}){% if not loop.last %}, {% endif %}{% endfor %});
    let high_{{ block.index }} = mat{{ block.width }}x4<f32>({% for column in block.columns %}dequantize_high(q_{{ column.index }}){% if not loop.last %}, {% endif %}{% endfor %});
    sum_{{ block.index }} += scale_{{ block.index }} * (x_low * low_{{ block.index }} + x_high * high_{{ block.index }});
    {% endif %}
    {% if affine %}
    sum_{{ block.index }} += offset_{{ block.index }} * x_sum;
    {% endif %}
    {% endfor %}
}
