{# Another load of weights is under way. #}
{% if lane_columns | length > 1 %}
{% set of_lane = " + lane_k" %}
{% else %}
{% set of_lane = "" %}
{% endif %}
{
    let next_k = min(k + {{ piece.ahead }}u, {{ k }} - STRETCH);
    {% for c in lane_columns %}
    next_words{{ c.suffix }} = weight[w{{ c.suffix }} + next_k / LOAD{{ behind }}];
    {% endfor %}
    {% if scales_by_span %}
    {% if piece.scales == "at_its_beginning" %}
    if (next_k % SPAN == 0u) {
    {% endif %}
    {% if piece.scales != "never" %}
    next_scales = load_scales(spans + next_k / SPAN{{ behind }});
    {% if affine %}
    next_offsets = load_offsets(spans + next_k / SPAN{{ behind }});
    {% endif %}
    {% endif %}
    {% if piece.scales == "at_its_beginning" %}
    }
    {% endif %}
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
    next_scale{{ name }} = scales[group{{ part.suffix }} * params.padded_N + {{ c.n }}{{ behind }}];
    {% else %}
    next_scale{{ name }} = load_scale({{ c.n }}{{ behind }}, group{{ part.suffix }});
    {% endif %}
    {% if affine %}
    next_offset{{ name }} = load_offset({{ c.n }}{{ behind }}, group{{ part.suffix }});
    {% endif %}
    {% endfor %}
    {% endfor %}
    {% if long_groups %}
    }
    {% endif %}
    {% endif %}
}
