{# The scales of what a lane loads of a block, and what is stored beside them: columns {{ n }}. #}
{% for column in columns %}
{% for part in parts %}
{% if scale_functions %}
{{ declare }}next_scale_{{ column.index }}{{ part.suffix }} = load_scale({{ n }}_{{ column.index }}, group{{ part.suffix }});
{% else %}
{{ declare }}next_scale_{{ column.index }}{{ part.suffix }} = scales[group{{ part.suffix }} * params.padded_N + {{ n }}_{{ column.index }}];
{% endif %}
{% if affine %}
{{ declare }}next_offset_{{ column.index }}{{ part.suffix }} = load_offset({{ n }}_{{ column.index }}, group{{ part.suffix }});
{% endif %}
{% endfor %}
{% endfor %}
