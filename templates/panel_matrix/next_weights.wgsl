{# The load that has arrived takes the place of the one that is used up, and another is under way. #}
{% if lane_columns | length > 1 %}
{% set of_lane = " + lane_k" %}
{% else %}
{% set of_lane = "" %}
{% endif %}
{% for c in lane_columns %}
words{{ c.suffix }} = next_words{{ c.suffix }};
{% endfor %}
{% if scales_by_span or scales_swapped %}
{
    {% if scales_by_span %}
    {% set at = from ~ piece.arrived ~ "u" %}
    {% set loaded_scales = "of_span(next_scales, " ~ at ~ ")" %}
    {% set loaded_offsets = "of_span(next_offsets, " ~ at ~ ")" %}
    {% else %}
    {% set loaded_scales = "vec2<f32>(next_scale)" %}
    {% set loaded_offsets = "vec2<f32>(next_offset)" %}
    {% endif %}
    {% set declare = "" %}
    {% include "panel_matrix/arrived_scales.wgsl" %}
}
{% else %}
{% for c in scale_columns %}
{% for part in parts %}
{% set name = c.suffix ~ part.suffix %}
scale{{ name }} = {% if encoding == "symmetric" %}split_scale(next_scale{{ name }}){% else %}next_scale{{ name }}{% endif %};
{% if affine %}
offset{{ name }} = offset_beside(next_scale{{ name }}, next_offset{{ name }});
{% endif %}
{% endfor %}
{% endfor %}
{% endif %}
{
    let next_k = min({{ from }}{{ piece.ahead }}u, {{ k }} - STRETCH);
    {% for c in lane_columns %}
    next_words{{ c.suffix }} = weight[w{{ c.suffix }} + next_k / LOAD];
    {% endfor %}
    {% if scales_by_span %}
    if (next_k % SPAN == 0u) {
        next_scales = load_scales(spans + next_k / SPAN);
        {% if affine %}
        next_offsets = load_offsets(spans + next_k / SPAN);
        {% endif %}
    }
    {% else %}
    {% if long_groups %}
    // A group of several loads has one scale.
    if (next_k % GROUP_SIZE == 0u) {
    {% endif %}
    {% for part in parts %}
    let group{{ part.suffix }} = (next_k{{ of_lane }}) / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %};
    {% for c in scale_columns %}
    {% set name = c.suffix ~ part.suffix %}
    {% if scales.format == "f32" and scales.order == "groups" %}
    next_scale{{ name }} = scales[group{{ part.suffix }} * params.padded_N + {{ c.n }}];
    {% else %}
    next_scale{{ name }} = load_scale({{ c.n }}, group{{ part.suffix }});
    {% endif %}
    {% if affine %}
    next_offset{{ name }} = load_offset({{ c.n }}, group{{ part.suffix }});
    {% endif %}
    {% endfor %}
    {% endfor %}
    {% if long_groups %}
    }
    {% endif %}
    {% endif %}
}
