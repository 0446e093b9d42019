{# Puts what a thread has loaded where all find it, as f16: every weight is dequantised here, once for all rows. #}
{% for i in input_loads %}
x_tile[place_of(x_row_{{ i }}, x_vector_{{ i }} / (LOAD / 4u), x_vector_{{ i }} % (LOAD / 4u))] = vec4<f16>(x_{{ s }}_{{ i }});
{% endfor %}
{% for i in weight_loads %}
{
    let low = place_of(w_column_{{ i }}, w_load_{{ i }}, 0u);
    let high = place_of(w_column_{{ i }}, w_load_{{ i }}, 1u);
    {% for part in parts %}
    {% if encoding == "codebook" %}
    {% for word in part.words %}
    w_tile[low{% if word.index > 0 %} + {{ word.index * 2 }}u{% endif %}] = vec4<f16>(scale_{{ s }}_{{ i }}{{ part.suffix }} * dequantize_low(w_{{ s }}_{{ i }}{{ word.component }}));
    w_tile[high{% if word.index > 0 %} + {{ word.index * 2 }}u{% endif %}] = vec4<f16>(scale_{{ s }}_{{ i }}{{ part.suffix }} * dequantize_high(w_{{ s }}_{{ i }}{{ word.component }}));
    {% endfor %}
    {% else %}
    let scales{{ part.suffix }} = scale_by_nibble(scale_{{ s }}_{{ i }}{{ part.suffix }});
    {% if affine %}
    let offset{{ part.suffix }} = offset_beside(scale_{{ s }}_{{ i }}{{ part.suffix }}, offset_{{ s }}_{{ i }}{{ part.suffix }});
    {% endif %}
    {% for word in part.words %}
    w_tile[low{% if word.index > 0 %} + {{ word.index * 2 }}u{% endif %}] = dequantize(w_{{ s }}_{{ i }}{{ word.component }}, scales{{ part.suffix }}{% if affine %}, offset{{ part.suffix }}{% endif %});
    w_tile[high{% if word.index > 0 %} + {{ word.index * 2 }}u{% endif %}] = dequantize(w_{{ s }}_{{ i }}{{ word.component }} >> 16u, scales{{ part.suffix }}{% if affine %}, offset{{ part.suffix }}{% endif %});
    {% endfor %}
    {% endif %}
    {% endfor %}
}
{% endfor %}
