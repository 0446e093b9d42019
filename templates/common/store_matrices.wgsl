{# Stores a subgroup's tile. naga 30 does not evaluate what stands within the arguments of a cooperative store, so every one of them has a name. #}
{% if direct_stores %}
// Cooperative stores need rows that start at multiples of 16 bytes.
let stride = params.output_stride;
let aligned = (params.output_offset | stride) % 4u == 0u;
if (aligned && tile_m + TILE_M <= params.M && tile_n + TILE_N <= params.N) {
    let y = params.output_offset + ({{ first_row }}) * stride + tile_n + subgroup_n;
    {% for i in range(end=matrices_m) %}
    {% for j in range(end=matrices_n) %}
    let sums_{{ i }}_{{ j }} = sum_{{ i }}_{{ j }};
    let y_{{ i }}_{{ j }} = &output[y{% if i > 0 %} + {{ i }}u * SIDE * stride{% endif %}{% if j > 0 %} + {{ j }}u * SIDE{% endif %}];
    coopStoreT(sums_{{ i }}_{{ j }}, y_{{ i }}_{{ j }}, stride);
    {% endfor %}
    {% endfor %}
} else {
    let first = subgroup * (SIDE * SIDE);
    let outputs = &output_tile[first];
    {% set whole = false %}
    {% include "common/store_rounds.wgsl" %}
}
{% else %}
// Through workgroup memory: cooperative stores to the output would scatter 4 bytes of each lane over eight of its rows.
{% if store_rounds > 1 %}
let first = subgroup % STORED_AT_ONCE * (SIDE * SIDE);
{% else %}
let first = subgroup * (SIDE * SIDE);
{% endif %}
let outputs = &output_tile[first];
if (tile_m + TILE_M <= params.M && tile_n + TILE_N <= params.N) {
    let stride = params.output_stride;
    let at = params.output_offset + ({{ first_row }} + lane / SIDE) * stride + tile_n + subgroup_n + lane % SIDE;
    {% set whole = true %}
    {% include "common/store_rounds.wgsl" %}
} else {
    {% set whole = false %}
    {% include "common/store_rounds.wgsl" %}
}
{% endif %}
