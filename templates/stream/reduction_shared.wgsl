{# All teams' sums through workgroup memory in two steps; stores their columns. #}
{% for column in blocks[0].columns %}
lane_sums[{% if column.index > 0 %}{{ column.index }}u * WIDTH + {% endif %}lane] = sum{{ column.component }};
{% endfor %}
workgroupBarrier();
{
    // Neighbouring lanes add up neighbouring sums of one column of a team.
    let part = lane / LANES_PER_COLUMN;
    let start = (part % COLUMNS) * WIDTH + (part / COLUMNS) * TEAM + lane % LANES_PER_COLUMN;
    var lanes_sum = lane_sums[start];
    for (var other = LANES_PER_COLUMN; other < TEAM; other += LANES_PER_COLUMN) {
        lanes_sum += lane_sums[start + other];
    }
    column_sums[lane] = lanes_sum;
}
workgroupBarrier();
{% if split > 1 %}
// One lane for each column of the teams that divided K.
let column = round * dealt + COLUMNS * ((lane / COLUMNS) * workgroups.x + workgroup.x) + lane % COLUMNS;
if (lane < COLUMNS * (TEAMS / SPLIT) && column < params.N{% if rows > 1 %} && {{ r }}u < params.M{% endif %}) {
    var total = 0.0;
    for (var other = 0u; other < SPLIT; other++) {
        let start = ((lane / COLUMNS * SPLIT + other) * COLUMNS + lane % COLUMNS) * LANES_PER_COLUMN;
        for (var i = 0u; i < LANES_PER_COLUMN; i++) {
            total += column_sums[start + i];
        }
    }
    output[params.output_offset{% if rows > 1 and r > 0 %} + {% if r > 1 %}{{ r }}u * {% endif %}params.output_stride{% endif %} + column] = {% if bias == "never" %}total{% else %}epilogue(total, column){% endif %};
}
{% else %}
// One lane for each column of each team.
let column = round * dealt + COLUMNS * ((lane / COLUMNS) * workgroups.x + workgroup.x) + lane % COLUMNS;
if (lane < COLUMNS * TEAMS && column < params.N{% if rows > 1 %} && {{ r }}u < params.M{% endif %}) {
    var total = column_sums[lane * LANES_PER_COLUMN];
    for (var other = 1u; other < LANES_PER_COLUMN; other++) {
        total += column_sums[lane * LANES_PER_COLUMN + other];
    }
    output[params.output_offset{% if rows > 1 and r > 0 %} + {% if r > 1 %}{{ r }}u * {% endif %}params.output_stride{% endif %} + column] = {% if bias == "never" %}total{% else %}epilogue(total, column){% endif %};
}
{% endif %}
