{# A subgroup's share of the inputs, rounded to f16, where it is multiplied: a lane ends up with the inputs of those k whose weights it loads, in rows that stand where the
   columns of its weights do. Rows beyond the first eight take loads and swaps only where there are any. #}
// Lanes side by side load neighbouring inputs of a row: what a load takes is the number of places in memory that its lanes meet in.
let x = (params.input_offset + row * {{ k }} + share) / 4u + part;
// Zeros past the last row and the end of K: there products must be zero, whatever is multiplied.
let x_rows = select(0u, params.M, share < {{ k }});
{% for row in columns %}
{% for quad in quads %}
var x_{{ row.index }}_{{ quad.index }} = vec2<u32>();
{% endfor %}
{% endfor %}
{% set rows = row_halves[0] %}
{% include "held_matrix/load_rows.wgsl" %}
if (params.M > SIDE / 2u) {
    {% set rows = row_halves[1] %}
    {% include "held_matrix/load_rows.wgsl" %}
}
