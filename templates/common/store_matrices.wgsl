{# Stores a subgroup's tile: as matrices where all of it exists and lies as cooperative stores need it, element by element elsewhere. naga 30 does not
   evaluate what stands within the arguments of a cooperative store, so every one of them has a name. #}
// Cooperative stores need rows that start at multiples of 16 bytes.
let stride = params.output_stride;
let aligned = (params.output_offset | stride) % 4u == 0u;
if (aligned && tile_m + TILE_M <= params.M && tile_n + TILE_N <= params.N) {
    let y = params.output_offset + {% if whole_rows %}{{ first_row }}{% else %}({{ first_row }}){% endif %} * stride + tile_n + subgroup_n;
    {% for i in range(end=matrices_m) %}
    {% for j in range(end=matrices_n) %}
    let sums_{{ i }}_{{ j }} = sum_{{ i }}_{{ j }};
    let y_{{ i }}_{{ j }} = &output[y{% if i > 0 %} + {{ i }}u * SIDE * stride{% endif %}{% if j > 0 %} + {{ j }}u * SIDE{% endif %}];
    coopStoreT(sums_{{ i }}_{{ j }}, y_{{ i }}_{{ j }}, stride);
    {% endfor %}
    {% endfor %}
} else {
    {% if edge_rounds > 1 %}
    // One matrix of each subgroup after the other, of as many subgroups as there is room for, and then of others.
    let first = subgroup % EDGES * (SIDE * SIDE);
    {% else %}
    // One matrix of each subgroup after the other.
    let first = subgroup * (SIDE * SIDE);
    {% endif %}
    let edge = &edge_tile[first];
    {% if edge_rounds > 1 %}
    for (var round = 0u; round < SUBGROUPS / EDGES; round++) {
        let turn = subgroup / EDGES == round;
    {% endif %}
    {% for i in range(end=matrices_m) %}
    {% for j in range(end=matrices_n) %}
    {% set last = i == matrices_m - 1 and j == matrices_n - 1 %}
    let sums_{{ i }}_{{ j }} = sum_{{ i }}_{{ j }};
    {% if edge_rounds > 1 %}
    if (turn) {
        coopStoreT(sums_{{ i }}_{{ j }}, edge, SIDE);
    }
    {{ edge_barrier }}();
    if (turn) {
    {% else %}
    coopStoreT(sums_{{ i }}_{{ j }}, edge, SIDE);
    {{ edge_barrier }}();
    {% endif %}
    store_edge(first, lane, {{ first_row }}{% if i > 0 %} + {{ i }}u * SIDE{% endif %}, tile_n + subgroup_n{% if j > 0 %} + {{ j }}u * SIDE{% endif %});
    {% if edge_rounds > 1 %}
    }
    {% endif %}
    {% if not last %}
    {{ edge_barrier }}();
    {% elif edge_rounds > 1 %}
    workgroupBarrier();
    {% endif %}
    {% endfor %}
    {% endfor %}
    {% if edge_rounds > 1 %}
    }
    {% endif %}
}
