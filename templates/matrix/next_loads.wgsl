{# Loads of the next step, under way while this one is multiplied. #}
// The next step is on its way while this one is multiplied.
let next_k = k + TILE_K;
{% for i in range(end=input_loads) %}
next_x_{{ i }} = load_input(x_{{ i }}, next_k + x_k_{{ i }});
{% endfor %}
{% for i in range(end=weight_loads) %}
next_w_{{ i }} = load_word(w_{{ i }}, next_k + w_k_{{ i }});
next_scale_{{ i }} = load_scale(n_{{ i }}, next_k + w_k_{{ i }});
{% endfor %}
