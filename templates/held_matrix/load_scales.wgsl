{# The scales of a lane's span in column {{ n }}, and what is stored beside them. #}
{% if scale_load > 1 %}
// A scale for each {% if parts | length > 1 %}part of a {% endif %}load of the span, in the order of the spans.
{% for vector in span_vectors %}
{{ declare }}next_scale{{ vector.suffix }} = load_scales({{ n }} * ({{ k }} / {{ vector.span }}) + k / {{ vector.span }}{% if vector.index > 0 %} + {{ vector.index }}u{% endif %});
{% if affine %}
{{ declare }}next_offset{{ vector.suffix }} = load_offsets({{ n }} * ({{ k }} / {{ vector.span }}) + k / {{ vector.span }}{% if vector.index > 0 %} + {{ vector.index }}u{% endif %});
{% endif %}
{% endfor %}
{% else %}
{% for scale in span_scales %}
{% if scale_functions %}
{{ declare }}next_scale_{{ scale.index }} = load_scale({{ n }}, group_{{ scale.index }});
{% else %}
{{ declare }}next_scale_{{ scale.index }} = scales[group_{{ scale.index }} * params.padded_N + {{ n }}];
{% endif %}
{% if affine %}
{{ declare }}next_offset_{{ scale.index }} = load_offset({{ n }}, group_{{ scale.index }});
{% endif %}
{% endfor %}
{% endif %}
