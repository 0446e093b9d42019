{# The products of one chunk of the input with the same chunk of every column. #}
// All columns' weights are on their way before the first is used.
{% for c in range(end=columns) %}
let q_{{ c }} = weight[row_{{ c }} + chunk];
{% endfor %}
{% if x == "x" and parts | length > 1 %}
let x = load_input(chunk);
{% endif %}
{% for part in parts %}
{% if parts | length > 1 %}
{
    let group = chunk * (CHUNK / GROUP_SIZE){% if part.index > 0 %} + {{ part.index }}u{% endif %};
{% elif fixed_group_size %}
let group = chunk / (GROUP_SIZE / CHUNK);
{% else %}
let group = chunk / chunks_per_group;
{% endif %}
{% for block in blocks %}
{% include "common/scale_of_block.wgsl" %}
{% endfor %}
{% if x == "x" and parts | length == 1 %}
let x = load_input(chunk);
{% endif %}
{% for block in blocks %}
sum_{{ block.index }} = fma(scale_{{ block.index }}, {{ sum_type }}({% for column in block.columns %}dot_chunk{{ part.suffix }}(q_{{ column.index }}, {{ x }}){% if not loop.last %}, {% endif %}{% endfor %}), sum_{{ block.index }});
{% if affine %}
sum_{{ block.index }} = fma(offset_{{ block.index }}, {{ sum_type }}({{ x }}.sum{{ part.suffix }}), sum_{{ block.index }});
{% endif %}
{% endfor %}
{% if parts | length > 1 %}
}
{% endif %}
{% endfor %}
