{# Loads four k of a thread's columns, those at a place in the step. #}
{% for block in blocks %}
{% for column in block.columns %}
{{ declare }}next_column_{{ column.index }} = w_tile[w_place{{ at }}{% if column.index > 0 %} + {{ column.index }}u * (THREADS_N * STRIDE){% endif %}];
{% endfor %}
{% endfor %}
