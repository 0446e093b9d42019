{# A block of columns times what the subgroup holds, a matrix at a time. What a lane has used makes room for the next block at once. #}
{% include "held_matrix/swap_scales.wgsl" %}
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
q_{{ load.index }} = weight[next_words{% if load.index > 0 %} + {{ load.index }}u * PARTS{% endif %}];
{% endif %}
{% endfor %}
{% endfor %}
