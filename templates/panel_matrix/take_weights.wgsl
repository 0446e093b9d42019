{# The load that has arrived takes the place of the one that is used up. #}
{% for c in lane_columns %}
words{{ c.suffix }} = next_words{{ c.suffix }};
{% endfor %}
{% if scales_by_span or scales_swapped %}
{
    {% if scales_by_span %}
    {% set at = "k + " ~ piece.arrived ~ "u" %}
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
{% if chained %}
// What is loaded next waits for all that was loaded last, by a sum that is always 0: compilers would load it before, and devices that only count what is under way
// would wait for both.
seen = zero & ({% for i in input_loads %}{% if i > 0 %} | {% endif %}x_words_{{ i }}.x{% endfor %}{% for c in lane_columns %} | words{{ c.suffix }}.x{% endfor %});
{% endif %}
