{# The products of one matrix along K; between them the panel of a later one, and inputs of the next tile. #}
{% for pieces in step.between %}
{% set i = loop.index0 %}
{
    let a = coopLoadT<coop_mat{{ side }}x{{ side }}<f16, A>>(&{{ step.tile.name }}[{% if divided %}own_inputs + {% endif %}{% if i == 0 %}{{ step.vectors }}u{% else %}{{ i }}u * SIDE * X_STRIDE{% if step.vectors > 0 %} + {{ step.vectors }}u{% endif %}{% endif %}], X_STRIDE);
    {% for j in range(end=matrices_n) %}
    sum_{{ i }}_{{ j }} = coopMultiplyAdd(a, b_{{ step.panel }}_{{ j }}, sum_{{ i }}_{{ j }});
    {% endfor %}
}
{% for piece in pieces %}
{% if piece.does == "dequantize" %}
{% include "panel_matrix/dequantize_word.wgsl" %}
{% elif piece.does == "take_weights" %}
{% include "panel_matrix/take_weights.wgsl" %}
{% elif piece.does == "load_weights" %}
{% include "panel_matrix/next_weights.wgsl" %}
{% else %}
{% set tile = piece.tile %}
{% for load in input_loads %}
{% include "panel_matrix/stage_inputs.wgsl" %}
{% endfor %}
{% for load in input_loads %}
{% include "panel_matrix/next_inputs.wgsl" %}
{% endfor %}
{% endif %}
{% endfor %}
{% endfor %}
{% if step.ends_tile %}
// The next tile is stored, and everybody has multiplied this one.
workgroupBarrier();
{% else %}
{{ barrier }}Barrier();
{% endif %}
{% for j in range(end=matrices_n) %}
b_{{ step.panel }}_{{ j }} = coopLoad<coop_mat{{ side }}x{{ side }}<f16, B>>(&panel_{{ step.panel }}[own{% if j > 0 %} + {{ j }}u * (SIDE / 4u){% endif %}], W_STRIDE);
{% endfor %}
{% if panels | length == 1 %}
// The panel is in registers, and what lies there may go.
{{ barrier }}Barrier();
{% endif %}
