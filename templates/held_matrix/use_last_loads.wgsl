{# A use of what was loaded ahead that every way out of the loop passes. #}
// Nobody reads what this stores. Without it, what is loaded ahead would serve only a block that comes, and compilers would begin to load when it has come.
stage_weights(
    place,
    {% for load in loads %}q_{{ load.index }}.x{% if not loop.last %} ^ {% endif %}{% endfor %},
    {% if encoding == "symmetric" %}split_scale({% endif %}{% for swap in swaps %}next_{{ swap.values[0].even }}{% if swap.values[0].odd != swap.values[0].even %} + next_{{ swap.values[0].odd }}{% endif %}{% if not loop.last %} + {% endif %}{% endfor %}{% if encoding == "symmetric" %}){% endif %},
    {% if affine %}
    {% for swap in swaps %}offset_beside(next_{{ swap.values[0].even }}, next_{{ swap.values[1].even }}){% if swap.values[0].odd != swap.values[0].even %} + offset_beside(next_{{ swap.values[0].odd }}, next_{{ swap.values[1].odd }}){% endif %}{% if not loop.last %} + {% endif %}{% endfor %},
    {% endif %}
);
// Inputs of the next part of K are staged by other lanes.
subgroupBarrier();
