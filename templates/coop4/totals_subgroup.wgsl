{# Lane 0 adds up the subgroups' sums; leaves the totals in element 0. #}
for (var other = 1u; other < subgroups; other++) {
    {% for block in blocks %}
    partial_{{ block.index }}[0] += partial_{{ block.index }}[other];
    {% endfor %}
}
