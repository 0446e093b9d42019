{# Register-tiled GEMM: a workgroup computes a tile of the output, each thread a small tile of it in registers. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Outputs of a workgroup.
const TILE_M: u32 = {{ tile_m }}u;
const TILE_N: u32 = {{ tile_n }}u;
{% if alignment == "aligned" %}
// Elements of K in one step.
const TILE_K: u32 = {{ tile_k }}u;
{% endif %}
// Outputs of a thread.
const ROWS: u32 = {{ rows }}u;
const COLUMNS: u32 = {{ columns }}u;
// Threads along N, and in all.
const THREADS_N: u32 = TILE_N / COLUMNS;
const THREADS: u32 = (TILE_M / ROWS) * THREADS_N;

// The threads' tiles cover the workgroup's tile.
const_assert TILE_M % ROWS == 0u && TILE_N % COLUMNS == 0u;
{% if alignment == "aligned" %}
const_assert TILE_K % WEIGHTS_PER_WORD == 0u;
{% endif %}
{% if alignment == "aligned" and fixed_k %}
// Steps end where a row does.
const_assert K % TILE_K == 0u;
{% endif %}
{% if alignment == "aligned" and fixed_group_size %}
// No group boundary splits a step, so a step has one scale.
const_assert GROUP_SIZE % TILE_K == 0u;
{% endif %}

{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}
{% endif %}
{% if encoding == "codebook" %}
{% include "common/dequantize_codebook.wgsl" %}
{% else %}
{% include "common/dequantize.wgsl" %}
{% endif %}
{% if scale_functions %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% if alignment == "ragged" %}
{% include "gemm/ragged_loads.wgsl" %}
{% endif %}
{% include "common/epilogue.wgsl" %}
{% include "gemm/store.wgsl" %}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    {% if encoding == "codebook" %}
    {% set invocation = "thread" %}
    {% set invocations = "THREADS" %}
    {% include "common/load_levels.wgsl" %}
    {% endif %}
    // Tiles are numbered row by row; the y of the grid folds what exceeds the limit of x.
    let tile = workgroup.y * workgroups.x + workgroup.x;
    let tiles_n = (params.N + TILE_N - 1u) / TILE_N;
    let m = (tile / tiles_n) * TILE_M + (thread / THREADS_N) * ROWS;
    let n = (tile % tiles_n) * TILE_N + (thread % THREADS_N) * COLUMNS;
    if (m >= params.M || n >= params.N) {
        return;
    }

    {% for r in range(end=rows) %}
    {% for block in blocks %}
    var sum_{{ r }}_{{ block.index }} = {{ sum_type }}();
    {% endfor %}
    {% endfor %}
    {% if alignment == "ragged" %}
    {% include "gemm/inner_product_ragged.wgsl" %}
    {% else %}
    {% include "gemm/inner_product_aligned.wgsl" %}
    {% endif %}

    {% for r in range(end=rows) %}
    store_row(m{% if r > 0 %} + {{ r }}u{% endif %}, n{% for block in blocks %}, sum_{{ r }}_{{ block.index }}{% endfor %});
    {% endfor %}
}
