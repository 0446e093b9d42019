{# One lane's share of the inner products: loads lane_k, lane_k + LANES_K, ... of each of its columns, for all rows. #}
{% for r in range(end=rows) %}
{% for block in blocks %}
var sum_{{ r }}_{{ block.index }} = {{ sum_type }}();
{% endfor %}
{% endfor %}
let first_n = n + lane_n * LANE_COLUMNS;
// Columns past the edge repeat the last one, and scales the last of the padding; the store drops them.
{% for c in range(end=columns) %}
{% if scales.order == "columns" %}
let column_{{ c }} = min(first_n{% if c > 0 %} + {{ c }}u{% endif %}, params.N - 1u);
let row_{{ c }} = column_{{ c }} * loads;
{% else %}
let row_{{ c }} = min(first_n{% if c > 0 %} + {{ c }}u{% endif %}, params.N - 1u) * loads;
{% endif %}
{% endfor %}
{% if scales.order == "groups" %}
{% for block in blocks %}
let n_{{ block.index }} = min(first_n{% if block.index > 0 %} + {{ block.first }}u{% endif %}, params.padded_N - {{ block.width }}u);
{% endfor %}
{% endif %}

// What the next step needs is on its way while a step multiplies.
{% for c in range(end=columns) %}
var next_{{ c }}: {{ weight_type }};
{% endfor %}
{% for block in blocks %}
var next_scale_{{ block.index }}: {{ sum_type }};
{% if affine %}
var next_offset_{{ block.index }}: {% if scale_load == 1 or scales.format == "f32" and encoding == "minimum" %}{{ sum_type }}{% else %}{{ offset_type }}{% endif %};
{% endif %}
{% endfor %}
var load = lane_k;
if (load < loads) {
    {% include "skinny/load.wgsl" %}
}
{% if staged %}
// Inputs as well, those of all lanes. Every lane takes part in every step, past its share of K too: compilers move nothing across a condition there.
{% for item in staged.items %}
var item_{{ item.index }} = load_item({{ item.number }}, 0u);
{% endfor %}
for (var first = 0u; first < loads; first += LANES_K) {
    // What was there before has been read.
    workgroupBarrier();
    {% include "skinny/stage.wgsl" %}
    workgroupBarrier();
    if (first + LANES_K < loads) {
        {% for item in staged.items %}
        item_{{ item.index }} = load_item({{ item.number }}, first + LANES_K);
        {% endfor %}
    }
    {% include "skinny/multiply.wgsl" %}
}
{% else %}
while (load < loads) {
    {% include "skinny/multiply.wgsl" %}
}
{% endif %}
