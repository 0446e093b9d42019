{# The lanes of a quad divide the rows and exchange sums; then one sum of each quad meets the others in workgroup memory. #}
// Of four neighbouring rows each lane of a quad finishes one.
{% for step in steps %}
let upper_{{ step.mask }} = (lane & {{ step.mask }}u) != 0u;
{% for pair in step.pairs %}
{% for block in blocks %}
sum_{{ pair.low }}_{{ block.index }} = exchange(sum_{{ pair.low }}_{{ block.index }}, sum_{{ pair.high }}_{{ block.index }}, upper_{{ step.mask }}, {{ step.mask }}u);
{% endfor %}
{% endfor %}
{% endfor %}
{% for mask in rest %}
{% for block in blocks %}
sum_0_{{ block.index }} += subgroupShuffleXor(sum_0_{{ block.index }}, {{ mask }}u);
{% endfor %}
{% endfor %}
let own_row = {% for step in steps %}{% if not loop.first %} + {% endif %}select(0u, {{ step.distance }}u, upper_{{ step.mask }}){% endfor %};
let quad = lane / (QUAD * LANES_N);
{% for round in rounds %}
// What was there before has been read.
workgroupBarrier();
{% if rest | length > 0 %}
if ((lane & {{ rest[0] }}u) == 0u) {
    {% endif %}
    {% for row in round.kept %}
    {% for block in blocks %}
    {{ sums }}[(quad * ROWS_AT_ONCE + own_row{% if row > round.first %} + {{ row - round.first }}u{% endif %}) * PARTIAL_STRIDE + lane_n{% if block.index > 0 %} + {{ block.index }}u * LANES_N{% endif %}] = sum_{{ row }}_{{ block.index }};
    {% endfor %}
    {% endfor %}
    {% if rest | length > 0 %}
}
{% endif %}
workgroupBarrier();
{% include "skinny/store.wgsl" %}
{% endfor %}
