{# The inputs become matrices, through the subgroup's tile. #}
{% for step in steps %}
{% for row in columns %}
stage_inputs(place{% if row.row > 0 %} + {{ row.row }}u * STRIDE{% endif %}, {% if encoding == "symmetric" %}x_{{ row.index }}_{{ step.quad }}.{{ step.half.pair }}, x_{{ row.index }}_{{ step.quad + 1 }}.{{ step.half.pair }}{% else %}x_{{ row.index }}_{{ step.quad + step.half.index }}{% endif %});
{% endfor %}
subgroupBarrier();
{% for matrix in step.matrices %}
let a_{{ matrix.held }} = coopLoadT<coop_mat{{ side }}x{{ side }}<f16, A>>(&tile[own{% if matrix.index > 0 %} + {{ matrix.index }}u * VECTORS{% endif %}], STRIDE);
{% endfor %}
subgroupBarrier();
{% endfor %}
