{# Panel GEMM: tiles of inputs are shared in workgroup memory, every subgroup dequantises a panel of weights for itself between its products. #}
{% include "common/header.wgsl" %}
{% include "common/declarations.wgsl" %}

// Outputs of a workgroup.
const TILE_M: u32 = {{ tile_m }}u;
const TILE_N: u32 = {{ tile_n }}u;
// Elements of K of a tile of inputs{% if divided %}, of each team{% endif %}.
const TILE_K: u32 = {{ tile_k }}u;
// Columns of a subgroup, as many as it has lanes.
const PANEL: u32 = {{ panel }}u;
// Rows and columns of a matrix, and elements of K that a panel holds.
const SIDE: u32 = {{ side }}u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = {{ subgroup_size }}u;
{% if divided %}
// Sets of subgroups that each compute the whole tile for a share of K.
const TEAMS: u32 = {{ teams | length }}u;
const SUBGROUPS_OF_TEAM: u32 = TILE_N / PANEL;
const SUBGROUPS: u32 = TEAMS * SUBGROUPS_OF_TEAM;
{% else %}
const SUBGROUPS: u32 = TILE_N / PANEL;
{% endif %}
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;

// Elements of K that a lane loads at once: of a column of weights, and of a row of inputs.
const LOAD: u32 = {{ load }}u;
const INPUTS: u32 = {{ inputs }}u;
// Lanes that share a column, and what they load of it together.
const PARTS: u32 = {{ lane_columns | length }}u;
const STRETCH: u32 = PARTS * LOAD;
{% if scales_by_span %}
// Elements of K of which a lane loads all scales at once.
const SPAN: u32 = {{ span }}u;
{% endif %}
const TILE_LOADS: u32 = TILE_K / INPUTS;
{% if store_rounds > 1 or divided %}
// Matrices that there is room for on their way to the output.
const STORED_AT_ONCE: u32 = {{ stored_at_once }}u;
{% endif %}
// Vectors from one staged row to the next, and from one row of a panel: an odd number of 16 bytes, so that the same k of eight neighbours fills all banks.
const X_STRIDE: u32 = {% if joined %}2u * {% endif %}{% if divided %}TEAMS * {% endif %}TILE_K / 4u + {{ padding }}u;
const W_STRIDE: u32 = PANEL / 4u + {{ padding }}u;

// Matrices cover the tile, and a subgroup has a column for each of its lanes.
const_assert TILE_M % SIDE == 0u && TILE_N % PANEL == 0u && TILE_K % SIDE == 0u && PANEL == SUBGROUP_SIZE;
{% if some_load_less %}
// Threads load the same number of inputs, and some of them, whose last ones lie below the tile, store fewer.
const_assert {% if divided %}TEAMS * {% endif %}TILE_M * TILE_LOADS < {{ input_loads | length }}u * THREADS;
{% else %}
// All threads load the same number of inputs.
const_assert {% if divided %}TEAMS * {% endif %}TILE_M * TILE_LOADS == {{ input_loads | length }}u * THREADS;
{% endif %}
const_assert 1u == (X_STRIDE / 2u) % 2u && 1u == (W_STRIDE / 2u) % 2u;
{% if fixed_k %}
// No load straddles two rows.
const_assert K % {% if scales_by_span %}SPAN{% else %}STRETCH{% endif %} == 0u;
{% endif %}
{% if fixed_group_size %}
{% if parts | length > 1 %}
// Group boundaries split a load into whole words, {{ parts | length }} parts with a scale each.
const_assert LOAD == {{ parts | length }}u * GROUP_SIZE && GROUP_SIZE % WEIGHTS_PER_WORD == 0u;
{% else %}
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % LOAD == 0u;
{% endif %}
{% endif %}

{% if lane_columns | length > 1 %}
// Two lanes side by side share two columns, a matrix apart, and each dequantises half of what a panel holds of both: of every {{ stretch }} k the first lane has the
// first 32, the second the others. So a panel holds 8 k of either half, and so does every matrix of inputs.
const_assert PARTS * SIDE == SUBGROUP_SIZE && PARTS * SIDE == PANEL && PARTS * WEIGHTS_PER_WORD == SIDE && STRETCH % TILE_K == 0u;

{% endif %}
{% if joined %}
// Two tiles of inputs: one is stored while the other is multiplied. A row of both lies in one piece, which spares the padding of one. A vector holds four k, in
// the order in which they come out of a word: 0, 4, 1, 5 and 2, 6, 3, 7 of eight. Products do not mind the order as long as inputs and weights have the same.
var<workgroup> x_tiles: array<vec4<f16>, TILE_M * X_STRIDE>;
{% else %}
// Two tiles of inputs: one is stored while the other is multiplied. They are two variables so that compilers see that what is stored in one may
// pass what is loaded from the other. A vector holds four k, in the order in which they come out of a word: 0, 4, 1, 5 and
// 2, 6, 3, 7 of eight. Products do not mind the order as long as inputs and weights have the same.
var<workgroup> x_tile_0: array<vec4<f16>, TILE_M * X_STRIDE>;
var<workgroup> x_tile_1: array<vec4<f16>, TILE_M * X_STRIDE>;
{% endif %}
// The panel of each subgroup{% if panels | length > 1 %}: one for every second matrix along K, one for the others{% endif %}. A row of it holds a column of each of its matrices, so that they share the padding.
{% for panel in panels %}
var<workgroup> panel_{{ panel }}: array<vec4<f16>, SUBGROUPS * SIDE * W_STRIDE>;
{% endfor %}
// One matrix of {% if store_rounds > 1 %}some subgroups{% if divided %} of each team{% endif %}{% else %}each subgroup{% endif %}, on its way to the output{% if bias != "never" %}; before that, what the sums of all columns start from{% endif %}.
var<workgroup> output_tile: array<f32, {% if store_rounds > 1 or divided %}STORED_AT_ONCE{% else %}SUBGROUPS{% endif %} * SIDE * SIDE>;

{% if encoding == "codebook" %}
{% include "common/levels.wgsl" %}
{% endif %}
{% if encoding == "codebook" %}
{% include "common/dequantize_codebook.wgsl" %}
{% elif affine %}
{% include "common/dequantize_by_mantissa.wgsl" %}
{% else %}
{% include "common/dequantize_f16.wgsl" %}
{% endif %}
{% if scale_functions %}
{% include "common/scales.wgsl" %}
{% endif %}
{% if affine %}
{% include "common/offsets.wgsl" %}
{% endif %}
{% if scales_by_span %}
{% include "common/neighbouring_scales.wgsl" %}

{% if lane_columns | length > 1 %}
// What belongs to the weights from k on, of what a lane has loaded of one column for a whole span: to those of the first lane, and to those of the second.
fn of_span(loaded: vec4<f32>, k: u32) -> vec2<f32> {
    return select(loaded.xy, loaded.zw, (k / STRETCH & 1u) != 0u);
}
{% else %}
// What belongs to the weights from k on, of what a lane has loaded for a whole span.
fn of_span(loaded: vec4<f32>, k: u32) -> f32 {
    let odd = (k / LOAD & 1u) != 0u;
    return select(select(loaded.x, loaded.y, odd), select(loaded.z, loaded.w, odd), (k / LOAD & 2u) != 0u);
}
{% endif %}
{% endif %}
{% if lane_columns | length > 1 and (scales_by_span or scales_swapped) %}

// What belongs to the weights that a lane has of its two columns, out of what it has loaded of one: for the first lane's weights, and for the second's.
fn swap(loaded: vec2<f32>, part: u32) -> vec2<f32> {
    let other = subgroupShuffleXor(select(loaded.y, loaded.x, part == 1u), 1u);
    return select(vec2<f32>(loaded.x, other), vec2<f32>(other, loaded.y), part == 1u);
}
{% endif %}
{% if bias != "never" %}
{% include "common/load_bias.wgsl" %}
{% endif %}
{% if divided %}
{% include "panel_matrix/sum_of_teams.wgsl" %}
{% else %}
{% set direct_stores = false %}
{% include "common/store_matrix.wgsl" %}
{% endif %}

{% if rounded_inputs %}
{% include "common/input_pair.wgsl" %}
{% else %}
{% if lane_columns | length > 1 and not divided %}
// Inputs k to k + 3 of the row that begins at a vector. Past the end of K are those of tiles that never come.
fn load_input(row: u32, k: u32) -> vec4<f32> {
    return input[row + min(k, {{ k }} - 4u) / 4u];
}
{% else %}
// Inputs k to k + 3 of the row that begins at a vector, zeros past the end of K: tiles that reach beyond it are multiplied whole.
fn load_input(row: u32, k: u32) -> vec4<f32> {
    return select(vec4<f32>(), input[row + min(k, {{ k }} - 4u) / 4u], k < {{ k }});
}
{% endif %}
{% endif %}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    {% if encoding == "codebook" %}
    {% set invocation = "thread" %}
    {% set invocations = "THREADS" %}
    {% include "common/load_levels.wgsl" %}
    {% endif %}
    {% if encoding == "symmetric" %}
    {% include "common/magic.wgsl" %}
    {% endif %}
    {% include "common/tile_of_workgroup.wgsl" %}
    // The subgroup's columns of the tile, where its panels begin, and the lane's {% if lane_columns | length > 1 %}columns{% else %}column{% endif %} of both. Columns past the edge repeat the last one; the store drops them.
    {% if divided %}
    let team = subgroup / SUBGROUPS_OF_TEAM;
    let subgroup_n = subgroup % SUBGROUPS_OF_TEAM * PANEL;
    {% else %}
    let subgroup_n = subgroup * PANEL;
    {% endif %}
    let own = subgroup * SIDE * W_STRIDE;
    {% if lane_columns | length > 1 %}
    // Every other column, so that what eight lanes write lies in different banks.
    let pair = lane / 16u * 8u + lane / PARTS % 4u * 2u + lane / 8u % 2u;
    let part = lane % PARTS;
    {% endif %}
    {% for c in lane_columns %}
    {% if lane_columns | length > 1 %}
    let column{{ c.suffix }} = own + pair * W_STRIDE + part * (SIDE / 4u / PARTS){% if c.index > 0 %} + {{ c.index }}u * (SIDE / 4u){% endif %};
    let n{{ c.suffix }} = min(tile_n + subgroup_n + pair{% if c.index > 0 %} + {{ c.index }}u * SIDE{% endif %}, params.N - 1u);
    {% else %}
    let column = own + lane % SIDE * W_STRIDE + lane / SIDE * (SIDE / 4u);
    let n = min(tile_n + subgroup_n + lane, params.N - 1u);
    {% endif %}
    {% endfor %}

    {% include "panel_matrix/first_loads.wgsl" %}

    {% include "panel_matrix/accumulators.wgsl" %}

    // The first tile of inputs and the first weights.
    {% for i in input_loads %}
    {% set load = i %}
    {% set tile = tiles[0] %}
    {% include "panel_matrix/stage_inputs.wgsl" %}
    {% if rounded_inputs %}
    x_words_{{ i }} = input[x_{{ i }} + {{ second_tile }}u / INPUTS];
    {% else %}
    x_low_{{ i }} = load_input(x_{{ i }}, {{ second_tile }}u + x_k_{{ i }});
    x_high_{{ i }} = load_input(x_{{ i }}, {{ second_tile + 4 }}u + x_k_{{ i }});
    {% endif %}
    {% endfor %}
    {% for piece in first_pieces %}
    {% include "panel_matrix/dequantize_word.wgsl" %}
    {% endfor %}
    workgroupBarrier();
    {% for panel in panels %}
    {% for j in range(end=matrices_n) %}
    var b_{{ panel }}_{{ j }} = coopLoad<coop_mat{{ side }}x{{ side }}<f16, B>>(&panel_{{ panel }}[own{% if j > 0 %} + {{ j }}u * (SIDE / 4u){% endif %}], W_STRIDE);
    {% endfor %}
    {% endfor %}
    // {% if panels | length > 1 %}The panels are{% else %}The panel is{% endif %} in registers, and what lies there may go.
    {{ barrier }}Barrier();
    {% set behind = "" %}
    {% if chained %}
    {% set behind = " + seen" %}
    // M is below 2^31, which compilers can't know.
    let zero = params.M >> 31u;
    var seen = 0u;
    {% endif %}
    {% if divided %}
    for (var walked = 0u; walked < share; walked += {{ period }}u) {
        let k = first_k + walked;
    {% else %}
    for (var k = 0u; k < {{ k }}; k += {{ period }}u) {
    {% endif %}
        {% for step in steps %}
        {% include "panel_matrix/step.wgsl" %}
        {% endfor %}
    }

    {% if divided %}
    {% include "panel_matrix/store_sums.wgsl" %}
    {% else %}
    {% set first_row = "tile_m" %}
    {% set store_barrier = barrier ~ "Barrier" %}
    {% include "common/store_matrices.wgsl" %}
    {% endif %}
}
