{# Every lane's sums meet in workgroup memory, a few rows at a time. #}
{% for round in rounds %}
// What was there before has been read.
workgroupBarrier();
{% for row in round.rows %}
{% for block in blocks %}
{{ sums }}[({% if row > round.first %}{{ row - round.first }}u * PARTIALS + {% endif %}lane_k) * PARTIAL_STRIDE + lane_n{% if block.index > 0 %} + {{ block.index }}u * LANES_N{% endif %}] = sum_{{ row }}_{{ block.index }};
{% endfor %}
{% endfor %}
workgroupBarrier();
{% include "skinny/store.wgsl" %}
{% endfor %}
