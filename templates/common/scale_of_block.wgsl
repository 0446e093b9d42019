{# The scales of one block of neighbouring columns, loaded at once; n is a multiple of the block's width. #}
{% if block.width == 1 %}
let scale_0 = scales[group * params.padded_N + n];
{% elif block.index == 0 %}
let scale_0 = scales[(group * params.padded_N + n) / {{ block.width }}u];
{% else %}
// Where this block lies past the padding no column of it is stored, and any scale will do.
let n_{{ block.index }} = min(n + {{ block.first }}u, params.padded_N - {{ block.width }}u);
let scale_{{ block.index }} = scales[(group * params.padded_N + n_{{ block.index }}) / {{ block.width }}u];
{% endif %}
