{# The sums of a subgroup's columns, as matrices. #}
{% if bias == "never" %}
{% for i in range(end=matrices_m) %}
{% for j in range(end=matrices_n) %}
var sum_{{ i }}_{{ j }} = coop_mat{{ side }}x{{ side }}<f32, C>();
{% endfor %}
{% endfor %}
{% else %}
let start = subgroup * PANEL;
{% if divided %}
// Only those of the first team.
output_tile[start + lane] = select(0.0, load_bias(min(tile_n + subgroup_n + lane, params.N - 1u)), team == 0u);
{% else %}
output_tile[start + lane] = load_bias(min(tile_n + subgroup_n + lane, params.N - 1u));
{% endif %}
{{ barrier }}Barrier();
// Sums start from the bias: with a stride of 0 every row of a matrix is the same.
{% for i in range(end=matrices_m) %}
{% for j in range(end=matrices_n) %}
var sum_{{ i }}_{{ j }} = coopLoadT<coop_mat{{ side }}x{{ side }}<f32, C>>(&output_tile[start{% if j > 0 %} + {{ j }}u * SIDE{% endif %}], 0u);
{% endfor %}
{% endfor %}
{% endif %}
