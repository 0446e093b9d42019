{# Loads of the next step, under way while this one is multiplied. #}
// The next step is on its way while this one is multiplied.
let next_k = k + {% if divided %}TEAMS * {% endif %}TILE_K;
if (next_k + TILE_K <= {{ k }}) {
    {% for i in range(end=input_loads) %}
    next_x_{{ i }} = input[x_{{ i }} + next_k / 4u];
    {% endfor %}
    {% for i in range(end=weight_loads) %}
    next_w_{{ i }} = weight[w_{{ i }} + next_k / WEIGHTS_PER_WORD];
    {% if scales.format == "f32" and scales.order == "groups" %}
    next_scale_{{ i }} = scales[((next_k + w_k_{{ i }}) / {{ group_size }}) * params.padded_N + n_{{ i }}];
    {% else %}
    next_scale_{{ i }} = load_scale(n_{{ i }}, (next_k + w_k_{{ i }}) / {{ group_size }});
    {% endif %}
    {% if affine %}
    next_offset_{{ i }} = load_offset(n_{{ i }}, (next_k + w_k_{{ i }}) / {{ group_size }});
    {% endif %}
    {% endfor %}
} else {
    {% for i in range(end=input_loads) %}
    next_x_{{ i }} = load_input(x_{{ i }} + next_k / 4u, next_k + x_k_{{ i }} < {{ k }});
    {% endfor %}
    {% for i in range(end=weight_loads) %}
    next_w_{{ i }} = load_word(w_{{ i }} + next_k / WEIGHTS_PER_WORD, next_k + w_k_{{ i }} < {{ k }});
    next_scale_{{ i }} = scale_of(n_{{ i }}, next_k + w_k_{{ i }}, next_k + w_k_{{ i }} < {{ k }});
    {% if affine %}
    next_offset_{{ i }} = offset_of(n_{{ i }}, next_k + w_k_{{ i }}, next_k + w_k_{{ i }} < {{ k }});
    {% endif %}
    {% endfor %}
}
