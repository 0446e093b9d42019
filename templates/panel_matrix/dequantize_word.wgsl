{# Dequantises one word of a column into a panel: every weight once for all rows of the tile. #}
{% if encoding == "symmetric" %}
panel_{{ piece.panel }}[column{{ piece.column }}{% if piece.index > 0 %} + {{ piece.index * 2 }}u{% endif %}] = apply_scale(vec4<f16>(dequantize_pair(words{{ piece.column }}{{ piece.component }}, magic), dequantize_pair(words{{ piece.column }}{{ piece.component }} >> 4u, magic)), scale{{ piece.column }}{{ piece.part }});
panel_{{ piece.panel }}[column{{ piece.column }} + {{ piece.index * 2 + 1 }}u] = apply_scale(vec4<f16>(dequantize_pair(words{{ piece.column }}{{ piece.component }} >> 8u, magic), dequantize_pair(words{{ piece.column }}{{ piece.component }} >> 12u, magic)), scale{{ piece.column }}{{ piece.part }});
{% else %}
{
    // In f32, so that a weight is rounded once.
    {% if affine %}
    let low = fma(vec4<f32>(scale{{ piece.column }}{{ piece.part }}), dequantize_low(words{{ piece.column }}{{ piece.component }}), vec4<f32>(offset{{ piece.column }}{{ piece.part }}));
    let high = fma(vec4<f32>(scale{{ piece.column }}{{ piece.part }}), dequantize_high(words{{ piece.column }}{{ piece.component }}), vec4<f32>(offset{{ piece.column }}{{ piece.part }}));
    {% else %}
    let low = scale{{ piece.column }}{{ piece.part }} * dequantize_low(words{{ piece.column }}{{ piece.component }});
    let high = scale{{ piece.column }}{{ piece.part }} * dequantize_high(words{{ piece.column }}{{ piece.component }});
    {% endif %}
    panel_{{ piece.panel }}[column{{ piece.column }}{% if piece.index > 0 %} + {{ piece.index * 2 }}u{% endif %}] = vec4<f16>(vec4<f32>(low.x, high.x, low.y, high.y));
    panel_{{ piece.panel }}[column{{ piece.column }} + {{ piece.index * 2 + 1 }}u] = vec4<f16>(vec4<f32>(low.z, high.z, low.w, high.w));
}
{% endif %}
