{# Stores one row of a thread's tile. #}

// Stores those outputs of a row that exist; n does.
fn store_row(m: u32, n: u32{% for block in blocks %}, sum_{{ block.index }}: {{ sum_type }}{% endfor %}) {
    {% if rows > 1 %}
    if (m >= params.M) {
        return;
    }
    {% endif %}
    let y = params.output_offset + m * params.output_stride + n;
    {% for block in blocks %}
    {% for column in block.columns %}
    {% if column.index == 0 %}
    output[y] = {% if bias == "never" %}sum_0{{ column.component }}{% else %}epilogue(sum_0{{ column.component }}, n){% endif %};
    {% else %}
    if (n + {{ column.index }}u < params.N) {
        output[y + {{ column.index }}u] = {% if bias == "never" %}sum_{{ block.index }}{{ column.component }}{% else %}epilogue(sum_{{ block.index }}{{ column.component }}, n + {{ column.index }}u){% endif %};
    }
    {% endif %}
    {% endfor %}
    {% endfor %}
}
