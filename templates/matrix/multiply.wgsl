{# The products of one step, SIDE of K at a time. Inputs lie by rows; weights by columns, which is how q4gsw has them. #}
for (var step = 0u; step < STEP_VECTORS; step += SIDE / 4u) {
    {% for j in range(end=matrices_n) %}
    let b_{{ j }} = coopLoad<coop_mat{{ side }}x{{ side }}<f16, B>>(&w_tile[{% if buffers > 1 %}buffer * (TILE_N * STRIDE) + {% endif %}(subgroup_n{% if j > 0 %} + {{ j }}u * SIDE{% endif %}) * STRIDE + step], STRIDE);
    {% endfor %}
    {% for i in range(end=matrices_m) %}
    let a_{{ i }} = coopLoadT<coop_mat{{ side }}x{{ side }}<f16, A>>(&x_tile[{% if buffers > 1 %}buffer * (TILE_M * STRIDE) + {% endif %}(subgroup_m{% if i > 0 %} + {{ i }}u * SIDE{% endif %}) * STRIDE + step], STRIDE);
    {% for j in range(end=matrices_n) %}
    sum_{{ i }}_{{ j }} = coopMultiplyAdd(a_{{ i }}, b_{{ j }}, sum_{{ i }}_{{ j }});
    {% endfor %}
    {% endfor %}
}
