{# A block of columns times what the subgroup holds. Loads for the next block are under way while it lasts. #}
{% for column in columns %}
{% for part in parts %}
{% if encoding == "symmetric" %}
let scale_of_{{ column.index }}{{ part.suffix }} = split_scale(next_scale_{{ column.index }}{{ part.suffix }});
{% else %}
let scale_of_{{ column.index }}{{ part.suffix }} = next_scale_{{ column.index }}{{ part.suffix }};
{% endif %}
{% if affine %}
let offset_of_{{ column.index }}{{ part.suffix }} = offset_beside(next_scale_{{ column.index }}{{ part.suffix }}, next_offset_{{ column.index }}{{ part.suffix }});
{% endif %}
{% endfor %}
{% endfor %}
{% set declare = "" %}
{% set n = "next_n" %}
{% include "held_matrix/load_scales.wgsl" %}
var sum = coop_mat{{ side }}x{{ side }}<f32, C>();
{% for step in steps %}
{% for column in columns %}
stage_weights(place{% if column.row > 0 %} + {{ column.row }}u * STRIDE{% endif %}, {% if encoding == "symmetric" %}q_{{ column.index }}{{ step.component }}{{ step.half.shift }}, magic{% else %}dequantize_{{ step.half.name }}(q_{{ column.index }}{{ step.component }}{% if affine %}, magic{% endif %}){% endif %}, scale_of_{{ column.index }}{{ step.part }}{% if affine %}, offset_of_{{ column.index }}{{ step.part }}{% endif %});
{% endfor %}
subgroupBarrier();
{% for matrix in step.matrices %}
sum = coopMultiplyAdd(a_{{ matrix.held }}, coopLoad<coop_mat{{ side }}x{{ side }}<f16, B>>(&tile[own{% if matrix.index > 0 %} + {{ matrix.index }}u * VECTORS{% endif %}], STRIDE), sum);
{% endfor %}
subgroupBarrier();
{% endfor %}
{% for column in columns %}
q_{{ column.index }} = weight[next_n_{{ column.index }} * ({{ k }} / LOAD) + first_word];
{% endfor %}
