{# A subgroup's part of a step: every SUBGROUPS-th matrix along K, for all columns. Weights lie by columns, which is how q4gsw has them. #}
for (var step = subgroup * (SIDE / 4u); step < STEP_VECTORS; step += SUBGROUPS * (SIDE / 4u)) {
    let a = coopLoadT<coop_mat{{ side }}x{{ side }}<f16, A>>(&x_tile[step], STRIDE);
    {% for j in range(end=matrices) %}
    sum_{{ j }} = coopMultiplyAdd(a, coopLoad<coop_mat{{ side }}x{{ side }}<f16, B>>(&w_tile[{% if j > 0 %}{% if j > 1 %}{{ j }}u * {% endif %}SIDE * STRIDE + {% endif %}step], STRIDE), sum_{{ j }});
    {% endfor %}
}
