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
{% if scales.order == "columns" %}
next_scale_{{ block.index }} = vec4<f32>({% for column in block.columns %}load_scale(column_{{ column.index }}, group){% if not loop.last %}, {% endif %}{% endfor %});
{% if affine %}
next_offset_{{ block.index }} = vec4<f32>({% for column in block.columns %}load_offset(column_{{ column.index }}, group){% if not loop.last %}, {% endif %}{% endfor %});
{% endif %}
{% else %}
next_scale_{{ block.index }} = {% if scales.format != "f32" %}unpack_scales({% endif %}scales[(group * params.padded_N + n_{{ block.index }}) / {{ block.width }}u]{% if scales.format != "f32" %}){% endif %};
{% if affine %}
next_offset_{{ block.index }} = offsets[(group * params.padded_N + n_{{ block.index }}) / {{ block.width }}u];
{% endif %}
{% endif %}
{% endfor %}
