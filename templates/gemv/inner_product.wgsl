{# The products of one chunk of the input with the same chunk of every column. #}
// All columns' weights are on their way before the first is used.
{% for c in range(end=columns) %}
let q_{{ c }} = weight[row_{{ c }} + chunk];
{% endfor %}
{% if fixed_group_size %}
let group = chunk / (GROUP_SIZE / CHUNK);
{% else %}
let group = chunk / chunks_per_group;
{% endif %}
{% for block in blocks %}
{% include "common/scale_of_block.wgsl" %}
{% endfor %}
{% if x == "x" %}
let x = load_input(chunk);
{% endif %}
{% for block in blocks %}
sum_{{ block.index }} = fma(scale_{{ block.index }}, {{ sum_type }}({% for column in block.columns %}dot_chunk(q_{{ column.index }}, {{ x }}){% if not loop.last %}, {% endif %}{% endfor %}), sum_{{ block.index }});
{% endfor %}
