{# Puts what a thread has loaded where all threads find it: every weight is dequantised and scaled here, once for all rows of the tile. #}
{% for i in range(end=input_loads) %}
x_tile[{% if divided %}x_tile_of_team + {% endif %}x_row_{{ i }} * STRIDE + x_k_{{ i }} / 4u] = {% if numeric == "exact" %}next_x_{{ i }}{% else %}{{ staged_type }}(next_x_{{ i }}){% endif %};
{% endfor %}
{% for i in range(end=weight_loads) %}
let place_{{ i }} = {% if divided %}w_tile_of_team + {% endif %}w_row_{{ i }} * STRIDE + w_k_{{ i }} / 4u;
{% if affine %}
let scale_{{ i }} = vec4<f32>(next_scale_{{ i }});
let offset_{{ i }} = vec4<f32>(offset_beside(next_scale_{{ i }}, next_offset_{{ i }}));
w_tile[place_{{ i }}] = {% if numeric != "exact" %}{{ staged_type }}({% endif %}fma(scale_{{ i }}, dequantize_low(next_w_{{ i }}), offset_{{ i }}){% if numeric != "exact" %}){% endif %};
w_tile[place_{{ i }} + 1u] = {% if numeric != "exact" %}{{ staged_type }}({% endif %}fma(scale_{{ i }}, dequantize_high(next_w_{{ i }}), offset_{{ i }}){% if numeric != "exact" %}){% endif %};
{% else %}
w_tile[place_{{ i }}] = {% if numeric == "exact" %}next_scale_{{ i }} * dequantize_low(next_w_{{ i }}){% else %}{{ staged_type }}(next_scale_{{ i }} * dequantize_low(next_w_{{ i }})){% endif %};
w_tile[place_{{ i }} + 1u] = {% if numeric == "exact" %}next_scale_{{ i }} * dequantize_high(next_w_{{ i }}){% else %}{{ staged_type }}(next_scale_{{ i }} * dequantize_high(next_w_{{ i }})){% endif %};
{% endif %}
{% endfor %}
