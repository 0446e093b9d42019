{# A use of what was loaded ahead that every way out of the loop passes. #}
// Nobody reads what this stores. Without it, what is loaded ahead would serve only a block that comes, and compilers would begin to load when it has come.
stage_weights(
    place,
    {% for load in loads %}q_{{ load.index }}.x{% if not loop.last %} ^ {% endif %}{% endfor %},
    {% if encoding == "symmetric" %}split_scale({% endif %}{% for load in loads %}{% for part in load.parts %}next_{{ part.scale }}{% if not loop.last %} + {% endif %}{% endfor %}{% if not loop.last %} + {% endif %}{% endfor %}{% if encoding == "symmetric" %}){% endif %},
    {% if affine %}
    {% for load in loads %}{% for part in load.parts %}offset_beside(next_{{ part.scale }}, next_{{ part.offset }}){% if not loop.last %} + {% endif %}{% endfor %}{% if not loop.last %} + {% endif %}{% endfor %},
    {% endif %}
);
// Inputs of the next part of K are staged by other lanes.
subgroupBarrier();
