{# Puts what a thread has loaded where all threads find it, as f16: every weight is dequantised and scaled here, once for all rows of the tile. #}
{% for i in range(end=input_loads) %}
x_tile[{% if buffers > 1 %}buffer * (TILE_M * STRIDE) + {% endif %}x_row_{{ i }} * STRIDE + x_k_{{ i }} / 4u] = vec4<f16>(next_x_{{ i }});
{% endfor %}
{% for i in range(end=weight_loads) %}
{% if encoding == "symmetric" %}
{
    let scale = split_scale(next_scale_{{ i }});
    let pair_0 = dequantize_pair(next_w_{{ i }}, MAGIC);
    let pair_1 = dequantize_pair(next_w_{{ i }} >> 4u, MAGIC);
    let pair_2 = dequantize_pair(next_w_{{ i }} >> 8u, MAGIC);
    let pair_3 = dequantize_pair(next_w_{{ i }} >> 12u, MAGIC);
    let place = {% if buffers > 1 %}buffer * (TILE_N * STRIDE) + {% endif %}w_row_{{ i }} * STRIDE + w_k_{{ i }} / 4u;
    w_tile[place] = apply_scale(vec4<f16>(pair_0.x, pair_1.x, pair_2.x, pair_3.x), scale);
    w_tile[place + 1u] = apply_scale(vec4<f16>(pair_0.y, pair_1.y, pair_2.y, pair_3.y), scale);
}
{% else %}
{
    // In f32, so that a weight is rounded once.
    let place = {% if buffers > 1 %}buffer * (TILE_N * STRIDE) + {% endif %}w_row_{{ i }} * STRIDE + w_k_{{ i }} / 4u;
    {% if affine %}
    let scale = vec4<f32>(next_scale_{{ i }});
    let offset = vec4<f32>(offset_beside(next_scale_{{ i }}, next_offset_{{ i }}));
    w_tile[place] = vec4<f16>(fma(scale, dequantize_low(next_w_{{ i }}), offset));
    w_tile[place + 1u] = vec4<f16>(fma(scale, dequantize_high(next_w_{{ i }}), offset));
    {% else %}
    w_tile[place] = vec4<f16>(next_scale_{{ i }} * dequantize_low(next_w_{{ i }}));
    w_tile[place + 1u] = vec4<f16>(next_scale_{{ i }} * dequantize_high(next_w_{{ i }}));
    {% endif %}
}
{% endif %}
{% endfor %}
