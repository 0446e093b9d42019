{# Stores those outputs of a thread that exist; neighbouring threads store neighbouring columns. #}
{% for block in blocks %}
{% for column in block.columns %}
let column_{{ column.index }} = tile_n + thread_n{% if column.index > 0 %} + {{ column.index }}u * THREADS_N{% endif %};
if (column_{{ column.index }} < params.N) {
    {% for r in range(end=rows) %}
    store(tile_m + thread_m{% if r > 0 %} + {{ r }}u * THREADS_M{% endif %}, column_{{ column.index }}, sum_{{ r }}_{{ block.index }}{{ column.component }});
    {% endfor %}
}
{% endfor %}
{% endfor %}
