{# Which inputs and weights a thread loads, and the first of them. Weights past the end of K repeat the last: they meet inputs that are zero. #}
// Neighbouring threads load neighbouring inputs of a row. Rows past the edge repeat the last one; the store drops them.
{% for i in input_loads %}
{% if i > 0 and even_inputs %}
let x_row_{{ i }} = x_row_0 + {{ i }}u * (THREADS / TILE_LOADS);
let x_k_{{ i }} = x_k_0;
{% else %}
let x_row_{{ i }} = {% if i > 0 %}(thread + {{ i }}u * THREADS){% else %}thread{% endif %} / TILE_LOADS;
let x_k_{{ i }} = INPUTS * ({% if i > 0 %}(thread + {{ i }}u * THREADS){% else %}thread{% endif %} % TILE_LOADS);
{% endif %}
let x_place_{{ i }} = x_row_{{ i }} * X_STRIDE + x_k_{{ i }} / 4u;
let x_{{ i }} = (params.input_offset + min(tile_m + x_row_{{ i }}, params.M - 1u) * {{ k }}) / 4u;
var x_low_{{ i }} = load_input(x_{{ i }}, x_k_{{ i }});
var x_high_{{ i }} = load_input(x_{{ i }}, x_k_{{ i }} + 4u);
{% endfor %}
// A lane loads of its column what two panels hold; the load behind it is on its way.
let w = n * ({{ k }} / LOAD);
let second = min(LOAD, {{ k }} - LOAD);
var words = weight[w];
var next_words = weight[w + second / LOAD];
{% if scales.format == "f32" and scales.order == "groups" %}
let first_scale = scales[n];
var next_scale = scales[(second / {{ group_size }}) * params.padded_N + n];
{% else %}
let first_scale = load_scale(n, 0u);
var next_scale = load_scale(n, second / {{ group_size }});
{% endif %}
{% if encoding == "symmetric" %}
var scale = split_scale(first_scale);
{% else %}
var scale = first_scale;
{% endif %}
{% if affine %}
var offset = offset_beside(scale, load_offset(n, 0u));
var next_offset = load_offset(n, second / {{ group_size }});
{% endif %}
