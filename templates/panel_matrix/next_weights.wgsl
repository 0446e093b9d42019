{# The load that has arrived takes the place of the one that is used up, and another is under way. #}
words = next_words;
{% if scales_by_span %}
{
    let arrived = of_span(next_scales, {{ from }}{{ piece.arrived }}u);
    {% if encoding == "symmetric" %}
    scale = split_scale(arrived);
    {% else %}
    scale = arrived;
    {% endif %}
    {% if affine %}
    offset = offset_beside(arrived, of_span(next_offsets, {{ from }}{{ piece.arrived }}u));
    {% endif %}
}
{% else %}
{% for part in parts %}
{% if encoding == "symmetric" %}
scale{{ part.suffix }} = split_scale(next_scale{{ part.suffix }});
{% else %}
scale{{ part.suffix }} = next_scale{{ part.suffix }};
{% endif %}
{% if affine %}
offset{{ part.suffix }} = offset_beside(next_scale{{ part.suffix }}, next_offset{{ part.suffix }});
{% endif %}
{% endfor %}
{% endif %}
{
    let next_k = min({{ from }}{{ piece.ahead }}u, {{ k }} - LOAD);
    next_words = weight[w + next_k / LOAD];
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
    {% if scales.format == "f32" and scales.order == "groups" %}
    next_scale{{ part.suffix }} = scales[(next_k / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %}) * params.padded_N + n];
    {% else %}
    next_scale{{ part.suffix }} = load_scale(n, next_k / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %});
    {% endif %}
    {% if affine %}
    next_offset{{ part.suffix }} = load_offset(n, next_k / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %});
    {% endif %}
    {% endfor %}
    {% if long_groups %}
    }
    {% endif %}
    {% endif %}
}
