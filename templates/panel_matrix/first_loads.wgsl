{# Which inputs and weights a thread loads, and the first of them. Weights past the end of K repeat the last: they meet inputs that are zero. #}
{% if rounded_inputs %}
// Rows are followed by zeros for tiles that reach beyond the end of K, which are multiplied whole, and by what is loaded for tiles that never come.
let input_columns = ({{ k }} + {{ period - 1 }}u) / {{ period }}u * {{ period }}u + {{ period }}u;
{% endif %}
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
{% if rounded_inputs %}
let x_{{ i }} = (params.input_offset + min(tile_m + x_row_{{ i }}, params.M - 1u) * input_columns + x_k_{{ i }}) / INPUTS;
var x_words_{{ i }} = input[x_{{ i }}];
{% else %}
let x_{{ i }} = (params.input_offset + min(tile_m + x_row_{{ i }}, params.M - 1u) * {{ k }}) / 4u;
var x_low_{{ i }} = load_input(x_{{ i }}, x_k_{{ i }});
var x_high_{{ i }} = load_input(x_{{ i }}, x_k_{{ i }} + 4u);
{% endif %}
{% endfor %}
// A lane loads of its column what two panels hold; the load behind it is on its way.
let w = n * ({{ k }} / LOAD);
let second = min(LOAD, {{ k }} - LOAD);
var words = weight[w];
var next_words = weight[w + second / LOAD];
{% if scales_by_span %}
// What a load takes is the number of places in memory that its lanes meet in, so a lane loads the scales of four loads of weights at once.
let spans = n * ({{ k }} / SPAN);
var next_scales = load_scales(spans);
{% if encoding == "symmetric" %}
var scale = split_scale(next_scales.x);
{% else %}
var scale = next_scales.x;
{% endif %}
{% if affine %}
var next_offsets = load_offsets(spans);
var offset = offset_beside(scale, next_offsets.x);
{% endif %}
{% else %}
{% for part in parts %}
{% if scales.format == "f32" and scales.order == "groups" %}
let first_scale{{ part.suffix }} = scales[{% if part.index > 0 %}{{ part.index }}u * params.padded_N + {% endif %}n];
var next_scale{{ part.suffix }} = scales[(second / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %}) * params.padded_N + n];
{% else %}
let first_scale{{ part.suffix }} = load_scale(n, {{ part.index }}u);
var next_scale{{ part.suffix }} = load_scale(n, second / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %});
{% endif %}
{% if encoding == "symmetric" %}
var scale{{ part.suffix }} = split_scale(first_scale{{ part.suffix }});
{% else %}
var scale{{ part.suffix }} = first_scale{{ part.suffix }};
{% endif %}
{% if affine %}
var offset{{ part.suffix }} = offset_beside(scale{{ part.suffix }}, load_offset(n, {{ part.index }}u));
var next_offset{{ part.suffix }} = load_offset(n, second / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %});
{% endif %}
{% endfor %}
{% endif %}
