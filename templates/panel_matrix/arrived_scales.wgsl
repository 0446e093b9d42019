{# The scales of the weights that have arrived, and what is stored beside them. Two lanes that share columns swap what each has loaded of one. #}
{% set swapped = lane_columns | length > 1 %}
let arrived = {% if swapped %}swap({{ loaded_scales }}, part){% else %}{{ loaded_scales }}{% endif %};
{% if affine %}
let arrived_offsets = {% if swapped %}swap({{ loaded_offsets }}, part){% else %}{{ loaded_offsets }}{% endif %};
{% endif %}
{% for c in lane_columns %}
{{ declare }}scale{{ c.suffix }} = {% if encoding == "symmetric" %}split_scale(arrived{{ c.component }}){% else %}arrived{{ c.component }}{% endif %};
{% if affine %}
{{ declare }}offset{{ c.suffix }} = offset_beside(arrived{{ c.component }}, arrived_offsets{{ c.component }});
{% endif %}
{% endfor %}
