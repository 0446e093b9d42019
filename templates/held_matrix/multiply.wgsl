{# A block of columns times what the subgroup holds, a matrix at a time. What a lane has used makes room for the next block at once. #}
{% for load in loads %}
{% for part in load.parts %}
{% if encoding == "symmetric" %}
let scale_of_{{ load.index }}{{ part.suffix }} = split_scale(next_{{ part.scale }});
{% else %}
let scale_of_{{ load.index }}{{ part.suffix }} = next_{{ part.scale }};
{% endif %}
{% if affine %}
let offset_of_{{ load.index }}{{ part.suffix }} = offset_beside(next_{{ part.scale }}, next_{{ part.offset }});
{% endif %}
{% endfor %}
{% endfor %}
{% set declare = "" %}
{% set n = "next_n" %}
{% include "held_matrix/load_scales.wgsl" %}
var sum = coop_mat{{ side }}x{{ side }}<f32, C>();
{% for load in loads %}
{% for word in load.words %}
stage_weights(place, q_{{ load.index }}{{ word.component }}, scale_of_{{ load.index }}{{ word.part }}{% if affine %}, offset_of_{{ load.index }}{{ word.part }}{% endif %});
subgroupBarrier();
sum = coopMultiplyAdd(a_{{ word.matrix }}, coopLoad<coop_mat{{ side }}x{{ side }}<f16, B>>(&tile[own], STRIDE), sum);
subgroupBarrier();
{% if word.is_last %}
q_{{ load.index }} = weight[next_words{% if load.index > 0 %} + {{ load.index }}u{% endif %}];
{% endif %}
{% endfor %}
{% endfor %}
