{# All lanes' sums through workgroup memory in two steps; stores the block. #}
{% for block in blocks %}
{% for column in block.columns %}
lane_sums[{% if column.index > 0 %}{{ column.index }}u * WIDTH + {% endif %}lane] = sum_{{ block.index }}{{ column.component }};
{% endfor %}
{% endfor %}
workgroupBarrier();
{
    // Neighbouring lanes read neighbouring sums of one column.
    let first = (lane / LANES_PER_COLUMN) * WIDTH + lane % LANES_PER_COLUMN;
    var sum = lane_sums[first];
    for (var other = LANES_PER_COLUMN; other < WIDTH; other += LANES_PER_COLUMN) {
        sum += lane_sums[first + other];
    }
    column_sums[lane] = sum;
}
workgroupBarrier();
if (lane < COLUMNS && n + lane < params.N) {
    var y = column_sums[lane * LANES_PER_COLUMN];
    for (var other = 1u; other < LANES_PER_COLUMN; other++) {
        y += column_sums[lane * LANES_PER_COLUMN + other];
    }
    output[params.output_offset + n + lane] = {% if bias == "never" %}y{% else %}epilogue(y, n + lane){% endif %};
}
