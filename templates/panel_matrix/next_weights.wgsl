{# The load that has arrived takes the place of the one that is used up, and another is under way. #}
words = next_words;
{% if encoding == "symmetric" %}
scale = split_scale(next_scale);
{% else %}
scale = next_scale;
{% endif %}
{% if affine %}
offset = offset_beside(next_scale, next_offset);
{% endif %}
{
    let next_k = min({{ from }}{{ piece.ahead }}u, {{ k }} - LOAD);
    next_words = weight[w + next_k / LOAD];
    {% if scales.format == "f32" and scales.order == "groups" %}
    next_scale = scales[(next_k / {{ group_size }}) * params.padded_N + n];
    {% else %}
    next_scale = load_scale(n, next_k / {{ group_size }});
    {% endif %}
    {% if affine %}
    next_offset = load_offset(n, next_k / {{ group_size }});
    {% endif %}
}
