{# A subgroup's part of the inputs: all loads are on their way before the first is staged, and each matrix passes through the subgroup's tile. Zeros past the
   last row and the end of K: there products must be zero, whatever is multiplied. #}
// Two lanes load eight neighbouring inputs of a row, since what a load takes is the number of places in memory that its lanes meet in.
let x_row = lane / PAIR;
let upper = lane % PAIR;
let x_place = own + x_row * STRIDE + upper;
{% for part in range(end=subgroup_size // side) %}
{% for load in loads %}
{% for word in load.words %}
var x_{{ word.matrix }}_{{ part }} = vec4<f32>();
{% endfor %}
{% endfor %}
let span_{{ part }} = first + subgroup * SHARE{% if part > 0 %} + {{ part }}u * SPAN{% endif %};
if (x_row < params.M && span_{{ part }} < {{ k }}) {
    let x = (params.input_offset + x_row * {{ k }} + span_{{ part }}) / 4u + upper;
    {% for load in loads %}
    {% for word in load.words %}
    x_{{ word.matrix }}_{{ part }} = input[x{% if word.vector > 0 %} + {{ word.vector }}u{% endif %}];
    {% endfor %}
    {% endfor %}
}
{% endfor %}
{% for load in loads %}
{% for word in load.words %}
{% for part in range(end=subgroup_size // side) %}
stage_inputs(x_place{% if part > 0 %} + {{ part }}u * (VECTORS / PARTS){% endif %}, x_{{ word.matrix }}_{{ part }}{% if encoding == "symmetric" %}, upper == 1u{% endif %});
{% endfor %}
subgroupBarrier();
let a_{{ word.matrix }} = coopLoadT<coop_mat{{ side }}x{{ side }}<f16, A>>(&tile[own], STRIDE);
subgroupBarrier();
{% endfor %}
{% endfor %}
