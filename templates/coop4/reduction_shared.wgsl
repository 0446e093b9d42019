{# A tree over all lanes in workgroup memory: leaves the totals in element 0, for lane 0 to read. #}
{% for block in blocks %}
partial_{{ block.index }}[lane] = sum_{{ block.index }};
{% endfor %}
for (var stride = WIDTH / 2u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (lane < stride) {
        {% for block in blocks %}
        partial_{{ block.index }}[lane] += partial_{{ block.index }}[lane + stride];
        {% endfor %}
    }
}
