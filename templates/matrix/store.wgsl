{# Stores a subgroup's tile: as matrices where all of it exists and lies as cooperative stores need it, element by element elsewhere. #}
// Cooperative stores need rows that start at multiples of 16 bytes.
let aligned = (params.output_offset | params.output_stride) % 4u == 0u;
if (aligned && tile_m + TILE_M <= params.M && tile_n + TILE_N <= params.N) {
    let y = params.output_offset + (tile_m + subgroup_m) * params.output_stride + tile_n + subgroup_n;
    {% for i in range(end=matrices_m) %}
    {% for j in range(end=matrices_n) %}
    coopStoreT(sum_{{ i }}_{{ j }}, &output[y{% if i > 0 %} + {{ i }}u * SIDE * params.output_stride{% endif %}{% if j > 0 %} + {{ j }}u * SIDE{% endif %}], params.output_stride);
    {% endfor %}
    {% endfor %}
} else {
    // One matrix of each subgroup after the other.
    {% for i in range(end=matrices_m) %}
    {% for j in range(end=matrices_n) %}
    coopStoreT(sum_{{ i }}_{{ j }}, &edge_tile[subgroup * (SIDE * SIDE)], SIDE);
    workgroupBarrier();
    store_edge(subgroup, lane, tile_m + subgroup_m{% if i > 0 %} + {{ i }}u * SIDE{% endif %}, tile_n + subgroup_n{% if j > 0 %} + {{ j }}u * SIDE{% endif %});
    {% if not (i == matrices_m - 1 and j == matrices_n - 1) %}
    workgroupBarrier();
    {% endif %}
    {% endfor %}
    {% endfor %}
}
