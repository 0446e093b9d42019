{# Adds up the partial sums of a few rows and stores those outputs that exist. #}
for (var item = lane; item < ROWS_AT_ONCE * COLUMNS; item += WIDTH) {
    let item_row = item / COLUMNS;
    let vector = item % COLUMNS / 4u;
    var total = 0.0;
    for (var other = 0u; other < PARTIALS; other++) {
        {% if reduction == "subgroup" %}
        total += {{ sums }}[(other * ROWS_AT_ONCE + item_row) * PARTIAL_STRIDE + vector][item % 4u];
        {% else %}
        total += {{ sums }}[(item_row * PARTIALS + other) * PARTIAL_STRIDE + vector][item % 4u];
        {% endif %}
    }
    let m = item_row{% if round.first > 0 %} + {{ round.first }}u{% endif %};
    {% if blocks | length == 1 %}
    let column = n + item % COLUMNS;
    {% else %}
    // The first vectors of all lanes stand before their second ones.
    let column = n + (vector % LANES_N) * LANE_COLUMNS + vector / LANES_N * 4u + item % 4u;
    {% endif %}
    if (m < params.M && column < params.N) {
        output[params.output_offset + m * params.output_stride + column] = {% if bias == "never" %}total{% else %}epilogue(total, column){% endif %};
    }
}
