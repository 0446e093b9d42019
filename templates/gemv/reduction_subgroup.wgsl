{# Reduce-scatter over the subgroup, then one partial sum per subgroup and column through workgroup memory; stores the block. #}
// Twice, lanes swap halves of their sums: of two neighbours each keeps the half that its number names and adds the other's to it. No
// subgroup has fewer than four lanes.
let odd = (subgroup_lane & 1u) != 0u;
let upper = (subgroup_lane & 2u) != 0u;
{% for half in halves %}
let half_{{ half.index }} = select({{ half.low }}, {{ half.high }}, odd) + subgroupShuffleXor(select({{ half.high }}, {{ half.low }}, odd), 1u);
{% endfor %}
var total = select({{ quarter.low }}, {{ quarter.high }}, upper) + subgroupShuffleXor(select({{ quarter.high }}, {{ quarter.low }}, upper), 2u);
for (var mask = 4u; mask < min(subgroup_size, WIDTH); mask *= 2u) {
    total += subgroupShuffleXor(total, mask);
}
let first = turn * (PARTIALS * COLUMNS);
if (subgroup_lane < 4u) {
    let column = (subgroup_lane & 1u) * (COLUMNS / 2u) + (subgroup_lane / 2u) * (COLUMNS / 4u);
    {% for component in total_components %}
    partial[first + subgroup * COLUMNS + column{% if component.index > 0 %} + {{ component.index }}u{% endif %}] = total{{ component.component }};
    {% endfor %}
}
workgroupBarrier();
if (lane < COLUMNS && n + lane < params.N) {
    var y = partial[first + lane];
    for (var other = 1u; other < subgroups; other++) {
        y += partial[first + other * COLUMNS + lane];
    }
    output[params.output_offset + n + lane] = {% if bias == "never" %}y{% else %}epilogue(y, n + lane){% endif %};
}
turn = 1u - turn;
