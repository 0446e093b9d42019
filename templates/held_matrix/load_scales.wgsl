{# The scales of a lane's span in column {{ n }}, and what is stored beside them. #}
{% if scale_load > 1 %}
// A scale for each load of the span, in the order of the spans.
{{ declare }}next_scale = {% if scales.format != "f32" %}unpack_scales({% endif %}scales[{{ n }} * ({{ k }} / SPAN) + k / SPAN]{% if scales.format != "f32" %}){% endif %};
{% if affine %}
{{ declare }}next_offset = {% if encoding == "zero_point" %}unpack_offsets({% elif scales.format != "f32" %}unpack_scales({% endif %}offsets[{{ n }} * ({{ k }} / SPAN) + k / SPAN]{% if encoding == "zero_point" or scales.format != "f32" %}){% endif %};
{% endif %}
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
