{# The products of one matrix along K; between them the panel of the next, and inputs of the next tile. #}
// The panel is in registers, and takes weights {{ step.end }} to {{ step.end + side - 1 }} of this round.
{{ barrier }}Barrier();
{% for pieces in step.between %}
{% set i = loop.index0 %}
{
    let a = coopLoadT<coop_mat{{ side }}x{{ side }}<f16, A>>(&x_tiles[held{% if i > 0 %} + {{ i }}u * SIDE * X_STRIDE{% endif %}{% if step.vectors > 0 %} + {{ step.vectors }}u{% endif %}], X_STRIDE);
    {% for j in range(end=matrices_n) %}
    sum_{{ i }}_{{ j }} = coopMultiplyAdd(a, b_{{ j }}, sum_{{ i }}_{{ j }});
    {% endfor %}
}
{% for piece in pieces %}
{% if piece.does == "dequantize" %}
{% set word = piece %}
{% include "panel_matrix/dequantize_word.wgsl" %}
{% elif piece.does == "load_weights" %}
{% include "panel_matrix/next_weights.wgsl" %}
{% else %}
{% set load = piece.load %}
{% set buffer = "X_TILE - held + " %}
{% include "panel_matrix/stage_inputs.wgsl" %}
{% include "panel_matrix/next_inputs.wgsl" %}
{% endif %}
{% endfor %}
{% endfor %}
{% if step.may_be_last %}
if (k + {{ step.end }}u >= {{ k }}) {
    break;
}
{% endif %}
{% if step.ends_tile %}
// The next tile is stored, and everybody has multiplied this one.
workgroupBarrier();
held = X_TILE - held;
{% else %}
{{ barrier }}Barrier();
{% endif %}
{% for j in range(end=matrices_n) %}
b_{{ j }} = coopLoad<coop_mat{{ side }}x{{ side }}<f16, B>>(&panels[panel{% if j > 0 %} + {{ j }}u * SIDE * W_STRIDE{% endif %}], W_STRIDE);
{% endfor %}
