{# Puts what a thread has loaded where all threads find it, as f16: every weight is dequantised and scaled here, once for all rows of the tile. #}
{% for i in range(end=input_loads) %}
x_tile[{% if buffers > 1 %}buffer * (TILE_M * STRIDE) + {% endif %}x_row_{{ i }} * STRIDE + x_k_{{ i }} / 4u] = vec4<f16>(next_x_{{ i }});
{% endfor %}
{% for i in range(end=weight_loads) %}
{
    let scale = split_scale(next_scale_{{ i }});
    let pair_0 = dequantize_pair(next_w_{{ i }}, 0u);
    let pair_1 = dequantize_pair(next_w_{{ i }}, 1u);
    let pair_2 = dequantize_pair(next_w_{{ i }}, 2u);
    let pair_3 = dequantize_pair(next_w_{{ i }}, 3u);
    let place = {% if buffers > 1 %}buffer * (TILE_N * STRIDE) + {% endif %}w_row_{{ i }} * STRIDE + w_k_{{ i }} / 4u;
    w_tile[place] = apply_scale(vec4<f16>(pair_0.x, pair_1.x, pair_2.x, pair_3.x), scale);
    w_tile[place + 1u] = apply_scale(vec4<f16>(pair_0.y, pair_1.y, pair_2.y, pair_3.y), scale);
}
{% endfor %}
