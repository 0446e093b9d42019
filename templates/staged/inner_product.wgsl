{# The products of one step, four k at a time. Where few outputs are in registers, all of them stand in the text: a loop's next loads would wait for its last products. #}
{% if ahead %}
{% include "staged/products_ahead.wgsl" %}
{% elif unrolled %}
{% for v in range(end=tile_k // 4) %}
{
    {% if v == 0 %}{% set at = "" %}{% else %}{% set at = " + " ~ v ~ "u" %}{% endif %}
    {% include "staged/products.wgsl" %}
}
{% endfor %}
{% else %}
for (var v = 0u; v < STEP_VECTORS; v++) {
    {% set at = " + v" %}
    {% include "staged/products.wgsl" %}
}
{% endif %}
