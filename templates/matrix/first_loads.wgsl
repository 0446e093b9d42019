{# Which inputs and weights of a step a thread loads, and those of the first step. #}
// Neighbouring threads load neighbouring vectors of a row. Rows and columns past the edge repeat the last one; the store drops them.
{% for i in range(end=input_loads) %}
let x_row_{{ i }} = (thread{% if i > 0 %} + {{ i }}u * THREADS{% endif %}) / STEP_VECTORS;
let x_k_{{ i }} = 4u * ((thread{% if i > 0 %} + {{ i }}u * THREADS{% endif %}) % STEP_VECTORS);
let x_{{ i }} = (params.input_offset + min(tile_m + x_row_{{ i }}, params.M - 1u) * {{ k }}) / 4u;
var next_x_{{ i }} = load_input(x_{{ i }}, x_k_{{ i }});
{% endfor %}
{% for i in range(end=weight_loads) %}
let w_row_{{ i }} = (thread{% if i > 0 %} + {{ i }}u * THREADS{% endif %}) / STEP_WORDS;
let w_k_{{ i }} = WEIGHTS_PER_WORD * ((thread{% if i > 0 %} + {{ i }}u * THREADS{% endif %}) % STEP_WORDS);
let n_{{ i }} = min(tile_n + w_row_{{ i }}, params.N - 1u);
let w_{{ i }} = n_{{ i }} * ({{ k }} / WEIGHTS_PER_WORD);
var next_w_{{ i }} = load_word(w_{{ i }}, w_k_{{ i }});
var next_scale_{{ i }} = load_scale(n_{{ i }}, w_k_{{ i }});
{% endfor %}
