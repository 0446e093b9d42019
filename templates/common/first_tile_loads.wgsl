{# Which inputs and weights of a step a thread loads, and those of the first step of its team, if there are several. #}
{% set all = "THREADS" %}
{% set first = "" %}
{% set place = "" %}
{% set word = "" %}
{% if divided %}
{% set all = "TEAM" %}
{% set first = "first_k + " %}
{% set place = " + first_k / 4u" %}
{% set word = " + first_k / WEIGHTS_PER_WORD" %}
{% endif %}
// Neighbouring threads load neighbouring vectors of a row. Rows and columns past the edge repeat the last one; the store drops them.
{% for i in range(end=input_loads) %}
{% if i > 0 and even_inputs %}
let x_row_{{ i }} = x_row_0 + {{ i }}u * ({{ all }} / STEP_VECTORS);
let x_k_{{ i }} = x_k_0;
{% else %}
let x_row_{{ i }} = {% if i > 0 %}(thread + {{ i }}u * {{ all }}){% else %}thread{% endif %} / STEP_VECTORS;
let x_k_{{ i }} = 4u * ({% if i > 0 %}(thread + {{ i }}u * {{ all }}){% else %}thread{% endif %} % STEP_VECTORS);
{% endif %}
let x_{{ i }} = (params.input_offset + min(tile_m + x_row_{{ i }}, params.M - 1u) * {{ k }} + x_k_{{ i }}) / 4u;
var next_x_{{ i }} = load_input(x_{{ i }}{{ place }}, {{ first }}x_k_{{ i }} < {{ k }});
{% endfor %}
{% for i in range(end=weight_loads) %}
{% if i > 0 and even_weights %}
let w_row_{{ i }} = w_row_0 + {{ i }}u * ({{ all }} / STEP_WORDS);
let w_k_{{ i }} = w_k_0;
{% else %}
let w_row_{{ i }} = {% if i > 0 %}(thread + {{ i }}u * {{ all }}){% else %}thread{% endif %} / STEP_WORDS;
let w_k_{{ i }} = WEIGHTS_PER_WORD * ({% if i > 0 %}(thread + {{ i }}u * {{ all }}){% else %}thread{% endif %} % STEP_WORDS);
{% endif %}
let n_{{ i }} = min(tile_n + w_row_{{ i }}, params.N - 1u);
let w_{{ i }} = n_{{ i }} * ({{ k }} / WEIGHTS_PER_WORD) + w_k_{{ i }} / WEIGHTS_PER_WORD;
var next_w_{{ i }} = load_word(w_{{ i }}{{ word }}, {{ first }}w_k_{{ i }} < {{ k }});
var next_scale_{{ i }} = scale_of(n_{{ i }}, {{ first }}w_k_{{ i }}, {{ first }}w_k_{{ i }} < {{ k }});
{% if affine %}
var next_offset_{{ i }} = offset_of(n_{{ i }}, {{ first }}w_k_{{ i }}, {{ first }}w_k_{{ i }} < {{ k }});
{% endif %}
{% endfor %}
