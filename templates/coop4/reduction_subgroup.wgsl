{# Subgroup additions, then lane 0 adds up the subgroups; leaves the totals in element 0, for lane 0 to read. #}
{% for block in blocks %}
let subgroup_sum_{{ block.index }} = subgroupAdd(sum_{{ block.index }});
{% endfor %}
if (subgroup_lane == 0u) {
    {% for block in blocks %}
    partial_{{ block.index }}[subgroup] = subgroup_sum_{{ block.index }};
    {% endfor %}
}
workgroupBarrier();
if (lane == 0u) {
    for (var other = 1u; other < subgroups; other++) {
        {% for block in blocks %}
        partial_{{ block.index }}[0] += partial_{{ block.index }}[other];
        {% endfor %}
    }
}
