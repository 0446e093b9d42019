{# The scales of what a lane multiplies in a block. It has loaded those of one span, but multiplies every other 32 weights of both, since that is how two lanes
   share their loads: each keeps what it has of its own weights and gets the rest from the other lane. #}
{% for swap in swaps %}
{% for value in swap.values %}
{% if value.even == value.odd %}
let other_{{ value.name }}_{{ swap.index }} = subgroupShuffleXor(next_{{ value.even }}, 1u);
{% else %}
let other_{{ value.name }}_{{ swap.index }} = subgroupShuffleXor(select(next_{{ value.odd }}, next_{{ value.even }}, part == 1u), 1u);
{% endif %}
let {{ value.name }}_0_{{ swap.index }} = select(next_{{ value.even }}, other_{{ value.name }}_{{ swap.index }}, part == 1u);
let {{ value.name }}_1_{{ swap.index }} = select(other_{{ value.name }}_{{ swap.index }}, next_{{ value.odd }}, part == 1u);
{% endfor %}
{% endfor %}
{% for load in loads %}
{% for part in load.parts %}
{% if encoding == "symmetric" %}
let scale_of_{{ load.index }}{{ part.suffix }} = split_scale(scale_{{ load.span }}_{{ part.swap }});
{% else %}
let scale_of_{{ load.index }}{{ part.suffix }} = scale_{{ load.span }}_{{ part.swap }};
{% endif %}
{% if affine %}
let offset_of_{{ load.index }}{{ part.suffix }} = offset_beside(scale_{{ load.span }}_{{ part.swap }}, offset_{{ load.span }}_{{ part.swap }});
{% endif %}
{% endfor %}
{% endfor %}
