{# Adds the sums of all teams and stores them. Matrices of each team meet in workgroup memory, subgroups of a team by turns where there is not room for all. Outputs are
   kept until the last has met: a barrier of the workgroup waits for stores to the output, too. #}
let place = (team * MATRICES_OF_TEAM + subgroup % SUBGROUPS_OF_TEAM % MATRICES_OF_TEAM) * (SIDE * SIDE);
let matrices = &output_tile[place];
{% if store_rounds > 1 %}
let turn = subgroup % SUBGROUPS_OF_TEAM / MATRICES_OF_TEAM;
{% endif %}
{% for i in range(end=matrices_m) %}
{% for j in range(end=matrices_n) %}
{% for round in range(end=store_rounds) %}
{% set of = i ~ "_" ~ j %}
{% if store_rounds > 1 %}
{% set of = of ~ "_" ~ round %}
{% endif %}
{% if i > 0 or j > 0 or round > 0 %}
workgroupBarrier();
{% endif %}
let sums_{{ of }} = sum_{{ i }}_{{ j }};
{% if store_rounds > 1 %}
if (turn == {{ round }}u) {
    coopStoreT(sums_{{ of }}, matrices, SIDE);
}
{% else %}
coopStoreT(sums_{{ of }}, matrices, SIDE);
{% endif %}
workgroupBarrier();
{% for s in sums_of_thread %}
let y_{{ of }}_{{ s }} = sum_of_teams(thread{% if s > 0 %} + {{ s }}u * THREADS{% endif %});
{% endfor %}
{% endfor %}
{% endfor %}
{% endfor %}
// Which outputs these are, of those of the first matrices.
{% for s in sums_of_thread %}
let output_m_{{ s }} = tile_m + {% if s > 0 %}(thread + {{ s }}u * THREADS){% else %}thread{% endif %} / SIDE % SIDE;
let output_n_{{ s }} = tile_n + {% if s > 0 %}(thread + {{ s }}u * THREADS){% else %}thread{% endif %} / (SIDE * SIDE) * PANEL + thread % SIDE;
let output_at_{{ s }} = params.output_offset + output_m_{{ s }} * params.output_stride + output_n_{{ s }};
{% endfor %}
if (tile_m + TILE_M <= params.M && tile_n + TILE_N <= params.N) {
    {% set whole = true %}
    {% include "panel_matrix/store_rows.wgsl" %}
} else {
    {% set whole = false %}
    {% include "panel_matrix/store_rows.wgsl" %}
}
