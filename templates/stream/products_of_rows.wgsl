{# The products of a team's step for all rows: every weight is dequantised once. #}
{% if idle_lanes %}
// In a subgroup of more lanes than there are chunks of a row, the last ones have nothing to multiply.
if (place < HELD) {
{% endif %}
{% for part in parts %}
{% if parts | length > 1 %}
{
{% endif %}
{% for c in range(end=columns) %}
{% for r in range(end=rows) %}
var dot_{{ c }}_{{ r }} = 0.0;
{% endfor %}
{% endfor %}
{% for word in part.words %}
{% for half in [0, 1] %}
{
    {% set vector = 2 * word.index + half %}
    {% for c in range(end=columns) %}
    let w_{{ c }} = {% if half == 0 %}dequantize_low{% else %}dequantize_high{% endif %}(now.q_{{ c }}{{ word.component }});
    {% endfor %}
    {% for r in range(end=rows) %}
    let x_{{ r }} = x[{% if r > 0 %}{% if r > 1 %}{{ r }}u * {% endif %}VECTORS * HELD + {% endif %}{% if vector > 0 %}{{ vector }}u * HELD + (place ^ {{ vector }}u){% else %}place{% endif %}];
    {% for c in range(end=columns) %}
    dot_{{ c }}_{{ r }} = add_products(w_{{ c }}, x_{{ r }}, dot_{{ c }}_{{ r }});
    {% endfor %}
    {% endfor %}
}
{% endfor %}
{% endfor %}
{% for r in range(end=rows) %}
sum_{{ r }} = fma(now.scale{{ part.suffix }}, {{ sum_type }}({% for c in range(end=columns) %}dot_{{ c }}_{{ r }}{% if not loop.last %}, {% endif %}{% endfor %}), sum_{{ r }});
{% if affine %}
{% set sums = r * parts | length + part.index %}
sum_{{ r }} = fma(now.offset{{ part.suffix }}, {{ sum_type }}(x_sums[{% if sums > 0 %}{{ sums }}u * HELD + {% endif %}place]), sum_{{ r }});
{% endif %}
{% endfor %}
{% if parts | length > 1 %}
}
{% endif %}
{% endfor %}
{% if idle_lanes %}
}
{% endif %}
