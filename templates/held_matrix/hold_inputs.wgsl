{# A subgroup's part of the inputs: all loads are on their way before the first is staged, and each matrix passes through the subgroup's tile. Zeros past the
   last row and the end of K: there products must be zero, whatever is multiplied. #}
{% for load in loads %}
{% for word in load.words %}
var x_{{ word.matrix }}_low = vec4<f32>();
var x_{{ word.matrix }}_high = vec4<f32>();
{% endfor %}
{% endfor %}
if (row < params.M && span < {{ k }}) {
    let x = (params.input_offset + row * {{ k }} + k) / 4u;
    {% for load in loads %}
    {% for word in load.words %}
    x_{{ word.matrix }}_low = input[x{% if word.vector > 0 %} + {{ word.vector }}u{% endif %}];
    x_{{ word.matrix }}_high = input[x + {{ word.vector + 1 }}u];
    {% endfor %}
    {% endfor %}
}
{% for load in loads %}
{% for word in load.words %}
stage_inputs(place, x_{{ word.matrix }}_low, x_{{ word.matrix }}_high);
subgroupBarrier();
let a_{{ word.matrix }} = coopLoadT<coop_mat{{ side }}x{{ side }}<f16, A>>(&tile[own], STRIDE);
subgroupBarrier();
{% endfor %}
{% endfor %}
