{# The products of one step: four k at a time, ROWS + COLUMNS vectors from workgroup memory for 4 * ROWS * COLUMNS products. #}
for (var v = 0u; v < STEP_VECTORS; v++) {
    let x_place = thread_m * STRIDE + v;
    let w_place = thread_n * STRIDE + v;
    {% for block in blocks %}
    {% for column in block.columns %}
    let column_{{ column.index }} = {% if numeric == "exact" %}w_tile[w_place{% if column.index > 0 %} + {{ column.index }}u * (THREADS_N * STRIDE){% endif %}]{% else %}vec4<f32>(w_tile[w_place{% if column.index > 0 %} + {{ column.index }}u * (THREADS_N * STRIDE){% endif %}]){% endif %};
    {% endfor %}
    // By k, so that four sums advance at once.
    {% for component in components %}
    let w_{{ block.index }}_{{ loop.index0 }} = vec4<f32>({% for column in block.columns %}column_{{ column.index }}{{ component }}{% if not loop.last %}, {% endif %}{% endfor %});
    {% endfor %}
    {% endfor %}
    {% for r in range(end=rows) %}
    let row_{{ r }} = {% if numeric == "exact" %}x_tile[x_place{% if r > 0 %} + {{ r }}u * (THREADS_M * STRIDE){% endif %}]{% else %}vec4<f32>(x_tile[x_place{% if r > 0 %} + {{ r }}u * (THREADS_M * STRIDE){% endif %}]){% endif %};
    {% for block in blocks %}
    {% for component in components %}
    sum_{{ r }}_{{ block.index }} = fma(vec4<f32>(row_{{ r }}{{ component }}), w_{{ block.index }}_{{ loop.index0 }}, sum_{{ r }}_{{ block.index }});
    {% endfor %}
    {% endfor %}
    {% endfor %}
}
