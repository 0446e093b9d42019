{# Which inputs and weights of a step a thread loads, and those of the first step. #}
// Neighbouring threads load neighbouring vectors of a row. Rows and columns past the edge repeat the last one; the store drops them.
let x_k = 4u * (thread % STEP_VECTORS);
let x_row = thread / STEP_VECTORS;
{% for i in range(end=input_loads) %}
let x_{{ i }} = (params.input_offset + min(tile_m + x_row + {{ i }}u * (THREADS / STEP_VECTORS), params.M - 1u) * {{ k }}) / 4u;
var next_x_{{ i }} = load_input(x_{{ i }}, x_k);
{% endfor %}
let w_k = WEIGHTS_PER_WORD * (thread % STEP_WORDS);
let w_row = thread / STEP_WORDS;
{% for i in range(end=weight_loads) %}
let n_{{ i }} = min(tile_n + w_row + {{ i }}u * (THREADS / STEP_WORDS), params.N - 1u);
let w_{{ i }} = n_{{ i }} * ({{ k }} / WEIGHTS_PER_WORD);
var next_w_{{ i }} = load_word(w_{{ i }}, w_k);
var next_scale_{{ i }} = load_scale(n_{{ i }}, w_k);
{% endfor %}
