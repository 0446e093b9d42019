{# A subgroup's part of the inputs, some matrices at a time: their loads are on their way before the first is staged, and each passes through the subgroup's
   tile. Zeros past the last row and the end of K: there products must be zero, whatever is multiplied. #}
// Four lanes load 16 neighbouring inputs of a row, those of two words: what a load takes is the number of places in memory that its lanes meet in. Half of
// them have loaded the first word's of two rows, the others the second word's, and they swap one row for the other.
let x_row = lane / QUAD;
let upper = (lane & 1u) != 0u;
let second_word = (lane & 2u) != 0u;
let x_place = own + (x_row + select(0u, SIDE / 2u, second_word)) * STRIDE + lane % 2u;
let x_rows = select(0u, params.M, share < {{ k }});
let x = (params.input_offset + x_row * {{ k }} + share) / 4u + lane % QUAD;
let y = x + SIDE / 2u * ({{ k }} / 4u);
{% for pairs in input_pairs %}
{% for pair in pairs %}
{% for part in [0, 1] %}
var x_{{ pair.index }}_{{ part }} = vec4<f32>();
var y_{{ pair.index }}_{{ part }} = vec4<f32>();
{% endfor %}
{% endfor %}
if (x_row < x_rows) {
    {% for pair in pairs %}
    x_{{ pair.index }}_0 = input[x{% if pair.vector > 0 %} + {{ pair.vector }}u{% endif %}];
    x_{{ pair.index }}_1 = input[x{% if pair.vector > 0 %} + {{ pair.vector }}u{% endif %} + LOAD / 4u];
    {% endfor %}
}
if (x_row + SIDE / 2u < x_rows) {
    {% for pair in pairs %}
    y_{{ pair.index }}_0 = input[y{% if pair.vector > 0 %} + {{ pair.vector }}u{% endif %}];
    y_{{ pair.index }}_1 = input[y{% if pair.vector > 0 %} + {{ pair.vector }}u{% endif %} + LOAD / 4u];
    {% endfor %}
}
{% for pair in pairs %}
{% for part in [0, 1] %}
let near_{{ pair.index }}_{{ part }} = rounded(x_{{ pair.index }}_{{ part }});
let far_{{ pair.index }}_{{ part }} = rounded(y_{{ pair.index }}_{{ part }});
let other_{{ pair.index }}_{{ part }} = subgroupShuffleXor(select(far_{{ pair.index }}_{{ part }}, near_{{ pair.index }}_{{ part }}, second_word), 2u);
{% endfor %}
{% for word in [0, 1] %}
{% for part in [0, 1] %}
stage_inputs(x_place{% if part > 0 %} + VECTORS / PARTS{% endif %}, {% if word == 0 %}select(near_{{ pair.index }}_{{ part }}, other_{{ pair.index }}_{{ part }}, second_word){% else %}select(other_{{ pair.index }}_{{ part }}, far_{{ pair.index }}_{{ part }}, second_word){% endif %}{% if encoding == "symmetric" %}, upper{% endif %});
{% endfor %}
subgroupBarrier();
let a_{{ pair.matrix + word }} = coopLoadT<coop_mat{{ side }}x{{ side }}<f16, A>>(&tile[own], STRIDE);
subgroupBarrier();
{% endfor %}
{% endfor %}
{% endfor %}
