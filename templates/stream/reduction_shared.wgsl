{# All teams' sums through workgroup memory in two steps; stores the columns of their tasks. #}
{% for block in blocks %}
{% for column in block.columns %}
lane_sums[{% if column.index > 0 %}{{ column.index }}u * WIDTH + {% endif %}lane] = sum{{ column.component }};
{% endfor %}
{% endfor %}
workgroupBarrier();
// Neighbouring lanes add up neighbouring sums of one column of a team.
let column = lane / LANES_PER_COLUMN;
{
    let start = (column % COLUMNS) * WIDTH + (column / COLUMNS) * TEAM + lane % LANES_PER_COLUMN;
    var lanes_sum = lane_sums[start];
    for (var other = LANES_PER_COLUMN; other < TEAM; other += LANES_PER_COLUMN) {
        lanes_sum += lane_sums[start + other];
    }
    column_sums[lane] = lanes_sum;
}
workgroupBarrier();
// One lane for each column of each team.
let n = (round * dealt + (lane / COLUMNS) * workgroups.x + workgroup.x) * COLUMNS + lane % COLUMNS;
if (lane < TEAMS * COLUMNS && n < params.N) {
    var total = column_sums[lane * LANES_PER_COLUMN];
    for (var other = 1u; other < LANES_PER_COLUMN; other++) {
        total += column_sums[lane * LANES_PER_COLUMN + other];
    }
    output[params.output_offset + n] = {% if bias == "never" %}total{% else %}epilogue(total, n){% endif %};
}
