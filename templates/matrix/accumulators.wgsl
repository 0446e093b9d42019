{# The sums of a subgroup's tile, as matrices. #}
{% if bias == "never" %}
{% for i in range(end=matrices_m) %}
{% for j in range(end=matrices_n) %}
var sum_{{ i }}_{{ j }} = coop_mat{{ side }}x{{ side }}<f32, C>();
{% endfor %}
{% endfor %}
{% else %}
for (var column = thread; column < TILE_N; column += THREADS) {
    bias_tile[column] = load_bias(tile_n + column);
}
workgroupBarrier();
// Sums start from the bias: with a stride of 0 every row of a matrix is the same.
{% for i in range(end=matrices_m) %}
{% for j in range(end=matrices_n) %}
var sum_{{ i }}_{{ j }} = coopLoadT<coop_mat{{ side }}x{{ side }}<f32, C>>(&bias_tile[subgroup_n{% if j > 0 %} + {{ j }}u * SIDE{% endif %}], 0u);
{% endfor %}
{% endfor %}
{% endif %}
