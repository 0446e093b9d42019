{# The scales of one block of neighbouring columns, loaded at once where they are neighbours; n is a multiple of the block's width. #}
{% if scale_load < block.width or scales.order == "columns" %}
let scale_{{ block.index }} = {{ sum_type }}({% for column in block.columns %}load_scale({% if column.index == 0 %}n{% else %}min(n + {{ column.index }}u, params.N - 1u){% endif %}, group){% if not loop.last %}, {% endif %}{% endfor %});
{% elif block.width == 1 and scales.format == "f32" %}
let scale_0 = scales[group * params.padded_N + n];
{% elif block.width == 1 %}
let scale_0 = load_scale(n, group);
{% elif block.index == 0 %}
let scale_0 = {% if scales.format != "f32" %}unpack_scales({% endif %}scales[(group * params.padded_N + n) / {{ block.width }}u]{% if scales.format != "f32" %}){% endif %};
{% else %}
// Where this block lies past the padding no column of it is stored, and any scale will do.
let n_{{ block.index }} = min(n + {{ block.first }}u, params.padded_N - {{ block.width }}u);
let scale_{{ block.index }} = {% if scales.format != "f32" %}unpack_scales({% endif %}scales[(group * params.padded_N + n_{{ block.index }}) / {{ block.width }}u]{% if scales.format != "f32" %}){% endif %};
{% endif %}
{% if affine %}
{% if scale_load < block.width or scales.order == "columns" %}
let offset_{{ block.index }} = offset_beside(scale_{{ block.index }}, {{ sum_type }}({% for column in block.columns %}load_offset({% if column.index == 0 %}n{% else %}min(n + {{ column.index }}u, params.N - 1u){% endif %}, group){% if not loop.last %}, {% endif %}{% endfor %}));
{% elif block.width == 1 %}
let offset_0 = offset_beside(scale_0, load_offset(n, group));
{% else %}
let offset_{{ block.index }} = offset_beside(scale_{{ block.index }}, {% if encoding == "zero_point" %}unpack_offsets({% elif scales.format != "f32" %}unpack_scales({% endif %}offsets[(group * params.padded_N + n{% if block.index > 0 %}_{{ block.index }}{% endif %}) / {{ block.width }}u]{% if encoding == "zero_point" or scales.format != "f32" %}){% endif %});
{% endif %}
{% endif %}
