{# Stores the totals of the columns that exist. #}
{% for block in blocks %}
{% for column in block.columns %}
{% if column.index == 0 %}
output[params.output_offset + n] = {% if bias == "never" %}partial_0[0]{{ column.component }}{% else %}epilogue(partial_0[0]{{ column.component }}, n){% endif %};
{% else %}
if (n + {{ column.index }}u < params.N) {
    output[params.output_offset + n + {{ column.index }}u] = {% if bias == "never" %}partial_{{ block.index }}[0]{{ column.component }}{% else %}epilogue(partial_{{ block.index }}[0]{{ column.component }}, n + {{ column.index }}u){% endif %};
}
{% endif %}
{% endfor %}
{% endfor %}
