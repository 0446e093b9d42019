{# What a lane needs of its columns for one step: weights and scales. #}
{% for c in range(end=columns) %}
next_{{ c }} = weight[row_{{ c }} + load];
{% endfor %}
{% if fixed_group_size %}
let group = load / (GROUP_SIZE / (WORDS * WEIGHTS_PER_WORD));
{% else %}
let group = load / loads_per_group;
{% endif %}
{% for block in blocks %}
next_scale_{{ block.index }} = scales[(group * params.padded_N + n_{{ block.index }}) / {{ block.width }}u];
{% endfor %}
