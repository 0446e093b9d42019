{# A subgroup's part of the inputs: all loads are on their way before the first is staged, and each matrix passes through the subgroup's tile. #}
let x = params.input_offset / 4u + row * ({{ k }} / 4u) + k / 4u;
let is_there = row < params.M && span < {{ k }};
{% for load in loads %}
{% for word in load.words %}
let x_{{ word.matrix }} = load_input(x{% if word.vector > 0 %} + {{ word.vector }}u{% endif %}, is_there);
{% endfor %}
{% endfor %}
{% for load in loads %}
{% for word in load.words %}
stage_inputs(place, x_{{ word.matrix }});
subgroupBarrier();
let a_{{ word.matrix }} = coopLoadT<coop_mat{{ side }}x{{ side }}<f16, A>>(&tile[own], STRIDE);
subgroupBarrier();
{% endfor %}
{% endfor %}
