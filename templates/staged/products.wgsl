{# Four k of all outputs of a thread, those at a place in the step: ROWS + COLUMNS vectors from workgroup memory for 4 * ROWS * COLUMNS products. #}
{% for block in blocks %}
let columns_{{ block.index }} = mat4x4<f32>(
    {% for column in block.columns %}
    {% if numeric != "exact" %}vec4<f32>({% endif %}w_tile[w_place{{ at }}{% if column.index > 0 %} + {{ column.index }}u * (THREADS_N * STRIDE){% endif %}]{% if numeric != "exact" %}){% endif %},
    {% endfor %}
);
// By k, so that four sums advance at once.
let w_{{ block.index }} = transpose(columns_{{ block.index }});
{% endfor %}
{% for r in range(end=rows) %}
let row_{{ r }} = {% if numeric != "exact" %}vec4<f32>({% endif %}x_tile[x_place{{ at }}{% if r > 0 %} + {{ r }}u * (THREADS_M * STRIDE){% endif %}]{% if numeric != "exact" %}){% endif %};
{% for block in blocks %}
sum_{{ r }}_{{ block.index }} = multiply_add(sum_{{ r }}_{{ block.index }}, row_{{ r }}, w_{{ block.index }});
{% endfor %}
{% endfor %}
