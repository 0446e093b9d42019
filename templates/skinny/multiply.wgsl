{# One step: the next weights and scales are asked for, then every weight of this one is dequantised and multiplied by all rows. #}
{% for c in range(end=columns) %}
let q_{{ c }} = next_{{ c }};
{% endfor %}
{% for block in blocks %}
{% if encoding == "codebook" %}
let scales_{{ block.index }} = next_scale_{{ block.index }};
{% else %}
let scales_{{ block.index }} = scales_by_nibble(next_scale_{{ block.index }});
{% endif %}
{% if affine %}
let offset_{{ block.index }} = offset_beside(next_scale_{{ block.index }}, {% if scale_load == 1 %}next_offset_{{ block.index }}{% elif encoding == "zero_point" %}unpack_offsets(next_offset_{{ block.index }}){% elif scales.format == "f32" %}next_offset_{{ block.index }}{% else %}unpack_scales(next_offset_{{ block.index }}){% endif %});
{% endif %}
{% endfor %}
{% if not staged %}
let k = 2u * WORDS * load;
{% endif %}
load += LANES_K;
if (load < loads) {
    {% include "skinny/load.wgsl" %}
}
{% for word in words %}
{% for block in blocks %}
let words_{{ word.index }}_{{ block.index }} = vec4<u32>({% for column in block.columns %}q_{{ column.index }}{{ word.component }}{% if not loop.last %}, {% endif %}{% endfor %});
{% endfor %}
{% for half in [0, 1] %}
// Weights {{ word.k + half * 4 }} to {{ word.k + half * 4 + 3 }} of the load.
{
    {% for block in blocks %}
    let w_{{ block.index }} = dequantize(words_{{ word.index }}_{{ block.index }}{% if half == 1 %} >> vec4<u32>(16u){% endif %}, scales_{{ block.index }}{% if affine %}, offset_{{ block.index }}{% endif %}{% if staged and encoding != "codebook" %}, magic{% endif %});
    {% endfor %}
    {% for r in range(end=rows) %}
    {% if staged %}
    let x_{{ r }}_k = tile[at_{{ word.index * 2 + half }}{% if r > 0 %} + {{ r }}u * ROW_VECTORS{% endif %}];
    {% else %}
    let x_{{ r }}_k = input[x_{{ r }} + k{% if word.index * 2 + half > 0 %} + {{ word.index * 2 + half }}u{% endif %}];
    {% endif %}
    {% for block in blocks %}
    sum_{{ r }}_{{ block.index }} = multiply_add(sum_{{ r }}_{{ block.index }}, x_{{ r }}_k, w_{{ block.index }});
    {% endfor %}
    {% endfor %}
}
{% endfor %}
{% endfor %}
