{# As products.wgsl, with the columns' next four k and every row's on their way while what came before is multiplied. What one turn of the loop loads the next one uses, so that
   compilers leave it where it is. #}
{% set declare = "var " %}
{% set at = "" %}
{% include "staged/next_columns.wgsl" %}
var next_row = x_tile[x_place];
for (var v = 0u; v < STEP_VECTORS; v++) {
    {% for block in blocks %}
    // By k, so that four sums advance at once.
    let w_{{ block.index }} = transpose(mat4x4<f32>({% for column in block.columns %}{% if numeric != "exact" %}vec4<f32>({% endif %}next_column_{{ column.index }}{% if numeric != "exact" %}){% endif %}{% if not loop.last %}, {% endif %}{% endfor %}));
    {% endfor %}
    // The last ones are loaded once more in the last turn.
    let next = min(v + 1u, STEP_VECTORS - 1u);
    {% set declare = "" %}
    {% set at = " + next" %}
    {% include "staged/next_columns.wgsl" %}
    {% for r in range(end=rows) %}
    let row_{{ r }} = {% if numeric != "exact" %}vec4<f32>({% endif %}next_row{% if numeric != "exact" %}){% endif %};
    next_row = x_tile[x_place + {% if r + 1 < rows %}v + {{ r + 1 }}u * (THREADS_M * STRIDE){% else %}next{% endif %}];
    {% for block in blocks %}
    sum_{{ r }}_{{ block.index }} = multiply_add(sum_{{ r }}_{{ block.index }}, row_{{ r }}, w_{{ block.index }});
    {% endfor %}
    {% endfor %}
}
