{# Reduce-scatter over the subgroup: no barrier, no workgroup memory; stores the columns of the team. #}
{% if columns > 1 %}
// Lanes swap halves of their sums: of two neighbours each keeps the half that its number names and adds the other's to it. No subgroup has fewer than
// four lanes.
let odd = (team_lane & 1u) != 0u;
{% endif %}
{% if columns == 4 %}
let upper = (team_lane & 2u) != 0u;
let kept = select(sum.xy, sum.zw, odd) + subgroupShuffleXor(select(sum.zw, sum.xy, odd), 1u);
var total = select(kept.x, kept.y, upper) + subgroupShuffleXor(select(kept.y, kept.x, upper), 2u);
{% elif columns == 2 %}
var total = select(sum.x, sum.y, odd) + subgroupShuffleXor(select(sum.y, sum.x, odd), 1u);
{% else %}
var total = sum;
{% endif %}
for (var mask = COLUMNS; mask < team_lanes; mask *= 2u) {
    total += subgroupShuffleXor(total, mask);
}
{% if columns == 4 %}
let column = n + (team_lane & 1u) * 2u + team_lane / 2u;
{% else %}
let column = n + team_lane;
{% endif %}
{% if split > 1 %}
if (team_lane < COLUMNS) {
    team_sums[(turn * MOST_TEAMS + team) * COLUMNS + team_lane] = total;
}
workgroupBarrier();
// The first of the teams that divided K adds up what they have; another team's sums are of the same lane's column.
if (first_step == 0u && team_lane < COLUMNS && column < params.N{% if rows > 1 %} && {{ r }}u < params.M{% endif %}) {
    for (var other = 1u; other < SPLIT; other++) {
        total += team_sums[(turn * MOST_TEAMS + team + other) * COLUMNS + team_lane];
    }
    output[params.output_offset{% if rows > 1 and r > 0 %} + {% if r > 1 %}{{ r }}u * {% endif %}params.output_stride{% endif %} + column] = {% if bias == "never" %}total{% else %}epilogue(total, column){% endif %};
}
turn = 1u - turn;
{% else %}
if (team_lane < COLUMNS && column < params.N{% if rows > 1 %} && {{ r }}u < params.M{% endif %}) {
    output[params.output_offset{% if rows > 1 and r > 0 %} + {% if r > 1 %}{{ r }}u * {% endif %}params.output_stride{% endif %} + column] = {% if bias == "never" %}total{% else %}epilogue(total, column){% endif %};
}
{% endif %}
