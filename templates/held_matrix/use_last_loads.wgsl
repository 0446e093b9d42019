{# A use of what was loaded ahead that every way out of the loop passes. #}
// Nobody reads what this stores. Without it, what is loaded ahead would serve only a block that comes, and compilers would begin to load when it has come.
let last_words = {% for column in columns %}q_{{ column.index }}.x{% if not loop.last %} ^ {% endif %}{% endfor %};
let last_scales = {% for column in columns %}{% set last = loop.last %}{% for part in parts %}next_scale_{{ column.index }}{{ part.suffix }}{% if not last or not loop.last %} + {% endif %}{% endfor %}{% endfor %};
{% if affine %}
let last_offsets = {% for column in columns %}{% set last = loop.last %}{% for part in parts %}offset_beside(next_scale_{{ column.index }}{{ part.suffix }}, next_offset_{{ column.index }}{{ part.suffix }}){% if not last or not loop.last %} + {% endif %}{% endfor %}{% endfor %};
{% endif %}
stage_weights(place, {% if encoding == "symmetric" %}last_words, magic, split_scale(last_scales){% else %}dequantize_low(last_words{% if affine %}, magic{% endif %}), last_scales{% endif %}{% if affine %}, last_offsets{% endif %});
// Inputs of the next part of K are staged by other lanes.
subgroupBarrier();
