{# Dequantises one word of the lane's column into its panel: every weight once for all rows of the tile. #}
{% if encoding == "symmetric" %}
panels[column{% if word.index > 0 %} + {{ word.index * 2 }}u{% endif %}] = apply_scale(vec4<f16>(dequantize_pair(words{{ word.component }}, 0u), dequantize_pair(words{{ word.component }}, 1u)), scale);
panels[column + {{ word.index * 2 + 1 }}u] = apply_scale(vec4<f16>(dequantize_pair(words{{ word.component }}, 2u), dequantize_pair(words{{ word.component }}, 3u)), scale);
{% else %}
{
    // In f32, so that a weight is rounded once.
    {% if affine %}
    let low = fma(vec4<f32>(scale), dequantize_low(words{{ word.component }}), vec4<f32>(offset));
    let high = fma(vec4<f32>(scale), dequantize_high(words{{ word.component }}), vec4<f32>(offset));
    {% else %}
    let low = scale * dequantize_low(words{{ word.component }});
    let high = scale * dequantize_high(words{{ word.component }});
    {% endif %}
    panels[column{% if word.index > 0 %} + {{ word.index * 2 }}u{% endif %}] = vec4<f16>(vec4<f32>(low.x, high.x, low.y, high.y));
    panels[column + {{ word.index * 2 + 1 }}u] = vec4<f16>(vec4<f32>(low.z, high.z, low.w, high.w));
}
{% endif %}
