{# Puts what a thread has loaded where all threads find it: every weight is dequantised and scaled here, once for all rows of the tile. #}
{% for i in range(end=input_loads) %}
x_tile[x_row_{{ i }} * STRIDE + x_k_{{ i }} / 4u] = {% if numeric == "exact" %}next_x_{{ i }}{% else %}{{ staged_type }}(next_x_{{ i }}){% endif %};
{% endfor %}
{% for i in range(end=weight_loads) %}
let place_{{ i }} = w_row_{{ i }} * STRIDE + w_k_{{ i }} / 4u;
w_tile[place_{{ i }}] = {% if numeric == "exact" %}next_scale_{{ i }} * dequantize_low(next_w_{{ i }}){% else %}{{ staged_type }}(next_scale_{{ i }} * dequantize_low(next_w_{{ i }})){% endif %};
w_tile[place_{{ i }} + 1u] = {% if numeric == "exact" %}next_scale_{{ i }} * dequantize_high(next_w_{{ i }}){% else %}{{ staged_type }}(next_scale_{{ i }} * dequantize_high(next_w_{{ i }})){% endif %};
{% endfor %}
