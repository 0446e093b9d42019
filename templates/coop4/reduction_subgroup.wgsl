{# Subgroup additions: leaves one sum per subgroup in workgroup memory, for lane 0 to add up. #}
{% for block in blocks %}
let subgroup_sum_{{ block.index }} = subgroupAdd(sum_{{ block.index }});
{% endfor %}
if (subgroup_lane == 0u) {
    {% for block in blocks %}
    partial_{{ block.index }}[subgroup] = subgroup_sum_{{ block.index }};
    {% endfor %}
}
workgroupBarrier();
