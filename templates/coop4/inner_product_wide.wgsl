{# One lane's share of the inner products: loads lane, lane + WIDTH, ... of each row, {{ words | length }} words each. #}
{% for block in blocks %}
var sum_{{ block.index }} = {{ sum_type }}();
{% endfor %}
for (var load = lane; load < loads; load += WIDTH) {
    // All columns' weights are on their way before the first is used.
    {% for c in range(end=columns) %}
    let q_{{ c }} = weight[row_{{ c }} + load];
    {% endfor %}
    {% if fixed_group_size %}
    let group = load / (GROUP_SIZE / (WORDS * WEIGHTS_PER_WORD));
    {% else %}
    let group = load / loads_per_group;
    {% endif %}
    {% for word in words %}
    let x_{{ word.index }} = mat2x4<f32>(
        input[x + 2u * (WORDS * load + {{ word.index }}u)],
        input[x + 2u * (WORDS * load + {{ word.index }}u) + 1u],
    );
    {% endfor %}
    {% if affine %}
    let x_sum = dot({% for word in words %}{% if word.index > 0 %} + {% endif %}x_{{ word.index }}[0] + x_{{ word.index }}[1]{% endfor %}, vec4<f32>(1.0));
    {% endif %}
    {% for block in blocks %}
    {% include "common/scale_of_block.wgsl" %}
    {% if columns == 1 %}
    sum_0 += scale_0 * (
        {% for word in words %}
        dot(x_{{ word.index }}[0], dequantize_low(q_0{{ word.component }})) + dot(x_{{ word.index }}[1], dequantize_high(q_0{{ word.component }})){% if not loop.last %} +{% endif %}

        {% endfor %}
    );
    {% else %}
    var unscaled_{{ block.index }} = {{ sum_type }}();
    {% for word in words %}
    unscaled_{{ block.index }} += x_{{ word.index }}[0] * mat{{ block.width }}x4<f32>({% for column in block.columns %}dequantize_low(q_{{ column.index }}{{ word.component }}){% if not loop.last %}, {% endif %}{% endfor %});
    unscaled_{{ block.index }} += x_{{ word.index }}[1] * mat{{ block.width }}x4<f32>({% for column in block.columns %}dequantize_high(q_{{ column.index }}{{ word.component }}){% if not loop.last %}, {% endif %}{% endfor %});
    {% endfor %}
    sum_{{ block.index }} += scale_{{ block.index }} * unscaled_{{ block.index }};
    {% endif %}
    {% if affine %}
    sum_{{ block.index }} += offset_{{ block.index }} * x_sum;
    {% endif %}
    {% endfor %}
}
