{# Inputs of some rows: each is loaded by lanes side by side, which swap until every one has its own part of K, four neighbours at a time. #}
{% for row in rows %}
{% for quad in quads %}
var loaded_{{ row.index }}_{{ quad.index }} = vec4<f32>();
{% endfor %}
if (row{% if row.row > 0 %} + {{ row.row }}u{% endif %} < x_rows) {
    {% for quad in quads %}
    loaded_{{ row.index }}_{{ quad.index }} = input[x{% if row.row > 0 %} + {{ row.row }}u * ({{ k }} / 4u){% endif %}{% if quad.vector > 0 %} + {{ quad.vector }}u{% endif %}];
    {% endfor %}
}
{% for quad in quads %}
x_{{ row.index }}_{{ quad.index }} = rounded(loaded_{{ row.index }}_{{ quad.index }});
{% endfor %}
{% for swap in swaps %}
swap_quads(&x_{{ row.index }}_{{ swap.lower }}, &x_{{ row.index }}_{{ swap.upper }}, lane, {{ swap.mask }}u);
{% endfor %}
{% endfor %}
