{# The load that has arrived takes the place of the one that is used up, and another is under way. #}
words = next_words;
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
{
    let next_k = min({{ from }}{{ piece.ahead }}u, {{ k }} - LOAD);
    next_words = weight[w + next_k / LOAD];
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
}
