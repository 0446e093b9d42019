{# Loads of a later step, under way while the steps before it are multiplied. #}
{
    let next_k = k + {% if s + stages | length > 1 %}{{ s + stages | length }}u * {% endif %}TILE_K;
    {% for i in input_loads %}
    x_{{ s }}_{{ i }} = load_input(x_row_{{ i }}, next_k + 4u * x_vector_{{ i }});
    {% endfor %}
    {% for i in weight_loads %}
    w_{{ s }}_{{ i }} = load_weights(n_{{ i }}, next_k + LOAD * w_load_{{ i }});
    {% for part in parts %}
    scale_{{ s }}_{{ i }}{{ part.suffix }} = scale_of(n_{{ i }}, next_k + LOAD * w_load_{{ i }}{% if part.k > 0 %} + {{ part.k }}u{% endif %});
    {% if affine %}
    offset_{{ s }}_{{ i }}{{ part.suffix }} = offset_of(n_{{ i }}, next_k + LOAD * w_load_{{ i }}{% if part.k > 0 %} + {{ part.k }}u{% endif %});
    {% endif %}
    {% endfor %}
    {% endfor %}
}
