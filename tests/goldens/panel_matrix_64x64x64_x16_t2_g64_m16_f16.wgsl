// panel_matrix_64x64x64_x16_t2_g64_m16_f16
//
// GEMM of cooperative matrices, with weights of each subgroup's own on q4gsw weights, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   tile        64 x 64 outputs; inputs of 64 k in workgroup memory, as many stored meanwhile, and the next in registers
//   subgroups   4 of 32 lanes, 64 x 32 outputs each in matrices of 16 x 16; 1 x 16 k of weights, behind a barrier of the subgroup
//   teams       2 of 2 subgroups, each with a share of K; the sums of all are added before they are stored
//   inputs      f16, rounded by a pass before this one; of every 8, elements 0, 4, 1, 5, 2, 6, 3, 7 in this order
//   group size  64
//   scales      f32 [N, groups]
//   numeric     f16_multiply (f16 operands, f32 accumulate)
//   serves      K % 128 == 0, group_size == 64
//   needs       SUBGROUP, SUBGROUP_BARRIER, COOPERATIVE_MATRIX_16X16, SHADER_F16
//   dispatch    x * y >= ceil(M / 64) * ceil(N / 64), y folds what exceeds the limit of x

enable f16;
enable wgpu_cooperative_matrix;

struct Params {
    M: u32,             // rows of this dispatch
    N: u32,             // columns of this dispatch
    K: u32,             // columns of the input
    K_packed: u32,      // bytes of one row of weights
    group_size: u32,    // consecutive k that share a scale
    padded_N: u32,      // scales of one group, padding included
    has_bias: u32,      // 1 where a bias is bound, 0 where a dummy is
    output_stride: u32, // elements from one row of the output to the next
    input_offset: u32,  // elements before the first input of this dispatch
    output_offset: u32, // elements before the first output of this dispatch
}

@group(0) @binding(0) var<storage, read_write> output: array<f32>;
@group(0) @binding(1) var<storage, read> input: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const WEIGHTS_PER_WORD: u32 = 8u;
const GROUP_SIZE: u32 = 64u;

// Outputs of a workgroup.
const TILE_M: u32 = 64u;
const TILE_N: u32 = 64u;
// Elements of K of a tile of inputs, of each team.
const TILE_K: u32 = 64u;
// Columns of a subgroup, as many as it has lanes.
const PANEL: u32 = 32u;
// Rows and columns of a matrix, and elements of K that a panel holds.
const SIDE: u32 = 16u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = 32u;
// Sets of subgroups that each compute the whole tile for a share of K.
const TEAMS: u32 = 2u;
const SUBGROUPS_OF_TEAM: u32 = TILE_N / PANEL;
const SUBGROUPS: u32 = TEAMS * SUBGROUPS_OF_TEAM;
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;

// Elements of K that a lane loads at once: of a column of weights, and of a row of inputs.
const LOAD: u32 = 32u;
const INPUTS: u32 = 8u;
// Lanes that share a column, and what they load of it together.
const PARTS: u32 = 2u;
const STRETCH: u32 = PARTS * LOAD;
const TILE_LOADS: u32 = TILE_K / INPUTS;
// Matrices that there is room for on their way to the output.
const STORED_AT_ONCE: u32 = 4u;
// Vectors from one staged row to the next, and from one row of a panel: an odd number of 16 bytes, so that the same k of eight neighbours fills all banks.
const X_STRIDE: u32 = TEAMS * TILE_K / 4u + 2u;
const W_STRIDE: u32 = PANEL / 4u + 2u;

// Matrices cover the tile, and a subgroup has a column for each of its lanes.
const_assert TILE_M % SIDE == 0u && TILE_N % PANEL == 0u && TILE_K % SIDE == 0u && PANEL == SUBGROUP_SIZE;
// All threads load the same number of inputs.
const_assert TEAMS * TILE_M * TILE_LOADS == 8u * THREADS;
const_assert 1u == (X_STRIDE / 2u) % 2u && 1u == (W_STRIDE / 2u) % 2u;
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % LOAD == 0u;

// Two lanes side by side share two columns, a matrix apart, and each dequantises half of what a panel holds of both: of every 64 k the first lane has the
// first 32, the second the others. So a panel holds 8 k of either half, and so does every matrix of inputs.
const_assert PARTS * SIDE == SUBGROUP_SIZE && PARTS * SIDE == PANEL && PARTS * WEIGHTS_PER_WORD == SIDE && STRETCH % TILE_K == 0u;

// Two tiles of inputs: one is stored while the other is multiplied. They are two variables so that compilers see that what is stored in one may
// pass what is loaded from the other. A vector holds four k, in the order in which they come out of a word: 0, 4, 1, 5 and
// 2, 6, 3, 7 of eight. Products do not mind the order as long as inputs and weights have the same.
var<workgroup> x_tile_0: array<vec4<f16>, TILE_M * X_STRIDE>;
var<workgroup> x_tile_1: array<vec4<f16>, TILE_M * X_STRIDE>;
// The panel of each subgroup. A row of it holds a column of each of its matrices, so that they share the padding.
var<workgroup> panel_0: array<vec4<f16>, SUBGROUPS * SIDE * W_STRIDE>;
// One matrix of each subgroup, on its way to the output; before that, what the sums of all columns start from.
var<workgroup> output_tile: array<f32, STORED_AT_ONCE * SIDE * SIDE>;

// Bits above a nibble with which the f16 in either half of a word is 1024 and the nibble.
const MAGIC: u32 = 0x64006400u;

// Weights 0 and 4 of a word, before scaling, whose nibbles q + 8 stand lowest in each half: 1024 + q + 8, exactly.
fn dequantize_pair(word: u32, magic: u32) -> vec2<f16> {
    return vec2<f16>(unpack2x16float((word & 0x000F000Fu) | magic)) - (1024.0h + 8.0h);
}

// What f16 holds of a scale, and what is left of it: together they scale as exactly as f32 does.
fn split_scale(scale: f32) -> vec2<f16> {
    let most = f16(scale);
    return vec2<f16>(most, f16(scale - f32(most)));
}

fn apply_scale(weights: vec4<f16>, scale: vec2<f16>) -> vec4<f16> {
    return fma(weights, vec4<f16>(scale.x), weights * scale.y);
}

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((params.K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    return scales[at];
}

// What belongs to the weights that a lane has of its two columns, out of what it has loaded of one: for the first lane's weights, and for the second's.
fn swap(loaded: vec2<f32>, part: u32) -> vec2<f32> {
    let other = subgroupShuffleXor(select(loaded.y, loaded.x, part == 1u), 1u);
    return select(vec2<f32>(loaded.x, other), vec2<f32>(other, loaded.y), part == 1u);
}

// The bias of a column, the last one past the edge.
fn load_bias(n: u32) -> f32 {
    // Without a bias the binding is a dummy that must not be read.
    if (params.has_bias == 0u) {
        return 0.0;
    }
    return bias[min(n, params.N - 1u)];
}

// Matrices that a team has there at once, and their outputs.
const MATRICES_OF_TEAM: u32 = STORED_AT_ONCE / TEAMS;
const SUMS: u32 = MATRICES_OF_TEAM * SIDE * SIDE;
// All threads add as many.
const_assert SUMS == 4u * THREADS;

fn sum_of_teams(at: u32) -> f32 {
    return output_tile[at] + output_tile[at + SUMS];
}

// Two inputs of a word. What looks like two conversions is none: compilers see that both forms are the same bits.
fn input_pair(word: u32) -> vec2<f16> {
    return vec2<f16>(unpack2x16float(word));
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    // M is below 2^31, which compilers can't know: with a second constant they would mask and OR a nibble in two operations, with this number they do in one.
    let magic = MAGIC | (params.M >> 31u);
    // Tiles are numbered row by row; the y of the grid folds what exceeds the limit of x.
    let tile = workgroup.y * workgroups.x + workgroup.x;
    let tiles_n = (params.N + TILE_N - 1u) / TILE_N;
    let tile_m = (tile / tiles_n) * TILE_M;
    let tile_n = (tile % tiles_n) * TILE_N;
    if (tile_m >= params.M) {
        return;
    }
    // The subgroup's columns of the tile, where its panels begin, and the lane's columns of both. Columns past the edge repeat the last one; the store drops them.
    let team = subgroup / SUBGROUPS_OF_TEAM;
    let subgroup_n = subgroup % SUBGROUPS_OF_TEAM * PANEL;
    let own = subgroup * SIDE * W_STRIDE;
    // Every other column, so that what eight lanes write lies in different banks.
    let pair = lane / 16u * 8u + lane / PARTS % 4u * 2u + lane / 8u % 2u;
    let part = lane % PARTS;
    let column_0 = own + pair * W_STRIDE + part * (SIDE / 4u / PARTS);
    let n_0 = min(tile_n + subgroup_n + pair, params.N - 1u);
    let column_1 = own + pair * W_STRIDE + part * (SIDE / 4u / PARTS) + 1u * (SIDE / 4u);
    let n_1 = min(tile_n + subgroup_n + pair + 1u * SIDE, params.N - 1u);

    // The elements of K of a team, and where the own team's begin. Those past the end of K are zeros.
    let share = (params.K + 255u) / 256u * 128u;
    let first_k = team * share;
    let own_inputs = team * (TILE_K / 4u);
    // Rows are followed by zeros for tiles that reach beyond the end of K, which are multiplied whole, and by what is loaded for tiles that never come.
    let input_columns = TEAMS * share + 128u;
    // Neighbouring threads load neighbouring inputs of a row, as much of either half of a stretch. Rows past the edge repeat the last one; the store drops them.
    let x_load_0 = thread;
    let x_row_0 = x_load_0 / (TEAMS * TILE_LOADS);
    let x_team_0 = x_load_0 / TILE_LOADS % TEAMS;
    let x_part_0 = x_load_0 % TILE_LOADS / (TILE_LOADS / PARTS);
    let x_eight_0 = x_load_0 % (TILE_LOADS / PARTS);
    let x_k_0 = x_team_0 * share + x_part_0 * LOAD + x_eight_0 * INPUTS;
    let x_place_0 = x_row_0 * X_STRIDE + x_team_0 * (TILE_K / 4u) + (x_eight_0 * PARTS + x_part_0) * (INPUTS / 4u);
    let x_0 = (params.input_offset + min(tile_m + x_row_0, params.M - 1u) * input_columns + x_k_0) / INPUTS;
    var x_words_0 = input[x_0];
    let x_row_1 = x_row_0 + 1u * (THREADS / (TEAMS * TILE_LOADS));
    let x_k_1 = x_k_0;
    let x_place_1 = x_place_0 + 1u * (THREADS / (TEAMS * TILE_LOADS)) * X_STRIDE;
    let x_1 = (params.input_offset + min(tile_m + x_row_1, params.M - 1u) * input_columns + x_k_1) / INPUTS;
    var x_words_1 = input[x_1];
    let x_row_2 = x_row_0 + 2u * (THREADS / (TEAMS * TILE_LOADS));
    let x_k_2 = x_k_0;
    let x_place_2 = x_place_0 + 2u * (THREADS / (TEAMS * TILE_LOADS)) * X_STRIDE;
    let x_2 = (params.input_offset + min(tile_m + x_row_2, params.M - 1u) * input_columns + x_k_2) / INPUTS;
    var x_words_2 = input[x_2];
    let x_row_3 = x_row_0 + 3u * (THREADS / (TEAMS * TILE_LOADS));
    let x_k_3 = x_k_0;
    let x_place_3 = x_place_0 + 3u * (THREADS / (TEAMS * TILE_LOADS)) * X_STRIDE;
    let x_3 = (params.input_offset + min(tile_m + x_row_3, params.M - 1u) * input_columns + x_k_3) / INPUTS;
    var x_words_3 = input[x_3];
    let x_row_4 = x_row_0 + 4u * (THREADS / (TEAMS * TILE_LOADS));
    let x_k_4 = x_k_0;
    let x_place_4 = x_place_0 + 4u * (THREADS / (TEAMS * TILE_LOADS)) * X_STRIDE;
    let x_4 = (params.input_offset + min(tile_m + x_row_4, params.M - 1u) * input_columns + x_k_4) / INPUTS;
    var x_words_4 = input[x_4];
    let x_row_5 = x_row_0 + 5u * (THREADS / (TEAMS * TILE_LOADS));
    let x_k_5 = x_k_0;
    let x_place_5 = x_place_0 + 5u * (THREADS / (TEAMS * TILE_LOADS)) * X_STRIDE;
    let x_5 = (params.input_offset + min(tile_m + x_row_5, params.M - 1u) * input_columns + x_k_5) / INPUTS;
    var x_words_5 = input[x_5];
    let x_row_6 = x_row_0 + 6u * (THREADS / (TEAMS * TILE_LOADS));
    let x_k_6 = x_k_0;
    let x_place_6 = x_place_0 + 6u * (THREADS / (TEAMS * TILE_LOADS)) * X_STRIDE;
    let x_6 = (params.input_offset + min(tile_m + x_row_6, params.M - 1u) * input_columns + x_k_6) / INPUTS;
    var x_words_6 = input[x_6];
    let x_row_7 = x_row_0 + 7u * (THREADS / (TEAMS * TILE_LOADS));
    let x_k_7 = x_k_0;
    let x_place_7 = x_place_0 + 7u * (THREADS / (TEAMS * TILE_LOADS)) * X_STRIDE;
    let x_7 = (params.input_offset + min(tile_m + x_row_7, params.M - 1u) * input_columns + x_k_7) / INPUTS;
    var x_words_7 = input[x_7];
    // A lane loads its part of a stretch of both columns, between them all that four panels hold; the loads behind them are on their way. What a load takes is the number
    // of places in memory that its lanes meet in: those of two lanes are side by side.
    let lane_k = part * LOAD;
    let first = min(first_k, params.K - STRETCH);
    let second = min(first_k + STRETCH, params.K - STRETCH);
    let w_0 = n_0 * (params.K / LOAD) + part;
    var words_0 = weight[w_0 + first / LOAD];
    var next_words_0 = weight[w_0 + second / LOAD];
    let w_1 = n_1 * (params.K / LOAD) + part;
    var words_1 = weight[w_1 + first / LOAD];
    var next_words_1 = weight[w_1 + second / LOAD];
    // A stretch has one scale, which a lane loads of one of its columns.
    let scale_n = select(n_0, n_1, part == 1u);
    let first_group = (first + lane_k) / GROUP_SIZE;
    let second_group = (second + lane_k) / GROUP_SIZE;
    let first_scale = load_scale(scale_n, first_group);
    var next_scale = load_scale(scale_n, second_group);
    let arrived = swap(vec2<f32>(first_scale), part);
    var scale_0 = split_scale(arrived.x);
    var scale_1 = split_scale(arrived.y);

    let start = subgroup * PANEL;
    // Only those of the first team.
    output_tile[start + lane] = select(0.0, load_bias(min(tile_n + subgroup_n + lane, params.N - 1u)), team == 0u);
    subgroupBarrier();
    // Sums start from the bias: with a stride of 0 every row of a matrix is the same.
    var sum_0_0 = coopLoadT<coop_mat16x16<f32, C>>(&output_tile[start], 0u);
    var sum_0_1 = coopLoadT<coop_mat16x16<f32, C>>(&output_tile[start + 1u * SIDE], 0u);
    var sum_1_0 = coopLoadT<coop_mat16x16<f32, C>>(&output_tile[start], 0u);
    var sum_1_1 = coopLoadT<coop_mat16x16<f32, C>>(&output_tile[start + 1u * SIDE], 0u);
    var sum_2_0 = coopLoadT<coop_mat16x16<f32, C>>(&output_tile[start], 0u);
    var sum_2_1 = coopLoadT<coop_mat16x16<f32, C>>(&output_tile[start + 1u * SIDE], 0u);
    var sum_3_0 = coopLoadT<coop_mat16x16<f32, C>>(&output_tile[start], 0u);
    var sum_3_1 = coopLoadT<coop_mat16x16<f32, C>>(&output_tile[start + 1u * SIDE], 0u);

    // The first tile of inputs and the first weights.
    x_tile_0[x_place_0] = vec4<f16>(input_pair(x_words_0.x), input_pair(x_words_0.y));
    x_tile_0[x_place_0 + 1u] = vec4<f16>(input_pair(x_words_0.z), input_pair(x_words_0.w));
    x_words_0 = input[x_0 + 64u / INPUTS];
    x_tile_0[x_place_1] = vec4<f16>(input_pair(x_words_1.x), input_pair(x_words_1.y));
    x_tile_0[x_place_1 + 1u] = vec4<f16>(input_pair(x_words_1.z), input_pair(x_words_1.w));
    x_words_1 = input[x_1 + 64u / INPUTS];
    x_tile_0[x_place_2] = vec4<f16>(input_pair(x_words_2.x), input_pair(x_words_2.y));
    x_tile_0[x_place_2 + 1u] = vec4<f16>(input_pair(x_words_2.z), input_pair(x_words_2.w));
    x_words_2 = input[x_2 + 64u / INPUTS];
    x_tile_0[x_place_3] = vec4<f16>(input_pair(x_words_3.x), input_pair(x_words_3.y));
    x_tile_0[x_place_3 + 1u] = vec4<f16>(input_pair(x_words_3.z), input_pair(x_words_3.w));
    x_words_3 = input[x_3 + 64u / INPUTS];
    x_tile_0[x_place_4] = vec4<f16>(input_pair(x_words_4.x), input_pair(x_words_4.y));
    x_tile_0[x_place_4 + 1u] = vec4<f16>(input_pair(x_words_4.z), input_pair(x_words_4.w));
    x_words_4 = input[x_4 + 64u / INPUTS];
    x_tile_0[x_place_5] = vec4<f16>(input_pair(x_words_5.x), input_pair(x_words_5.y));
    x_tile_0[x_place_5 + 1u] = vec4<f16>(input_pair(x_words_5.z), input_pair(x_words_5.w));
    x_words_5 = input[x_5 + 64u / INPUTS];
    x_tile_0[x_place_6] = vec4<f16>(input_pair(x_words_6.x), input_pair(x_words_6.y));
    x_tile_0[x_place_6 + 1u] = vec4<f16>(input_pair(x_words_6.z), input_pair(x_words_6.w));
    x_words_6 = input[x_6 + 64u / INPUTS];
    x_tile_0[x_place_7] = vec4<f16>(input_pair(x_words_7.x), input_pair(x_words_7.y));
    x_tile_0[x_place_7 + 1u] = vec4<f16>(input_pair(x_words_7.z), input_pair(x_words_7.w));
    x_words_7 = input[x_7 + 64u / INPUTS];
    panel_0[column_0] = apply_scale(vec4<f16>(dequantize_pair(words_0.x, magic), dequantize_pair(words_0.x >> 4u, magic)), scale_0);
    panel_0[column_0 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_0.x >> 8u, magic), dequantize_pair(words_0.x >> 12u, magic)), scale_0);
    panel_0[column_1] = apply_scale(vec4<f16>(dequantize_pair(words_1.x, magic), dequantize_pair(words_1.x >> 4u, magic)), scale_1);
    panel_0[column_1 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_1.x >> 8u, magic), dequantize_pair(words_1.x >> 12u, magic)), scale_1);
    workgroupBarrier();
    var b_0_0 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own], W_STRIDE);
    var b_0_1 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own + 1u * (SIDE / 4u)], W_STRIDE);
    // The panel is in registers, and what lies there may go.
    subgroupBarrier();
    for (var walked = 0u; walked < share; walked += 128u) {
        let k = first_k + walked;
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 0u], X_STRIDE);
            sum_0_0 = coopMultiplyAdd(a, b_0_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(a, b_0_1, sum_0_1);
        }
        panel_0[column_0] = apply_scale(vec4<f16>(dequantize_pair(words_0.y, magic), dequantize_pair(words_0.y >> 4u, magic)), scale_0);
        panel_0[column_0 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_0.y >> 8u, magic), dequantize_pair(words_0.y >> 12u, magic)), scale_0);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 1u * SIDE * X_STRIDE], X_STRIDE);
            sum_1_0 = coopMultiplyAdd(a, b_0_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(a, b_0_1, sum_1_1);
        }
        panel_0[column_1] = apply_scale(vec4<f16>(dequantize_pair(words_1.y, magic), dequantize_pair(words_1.y >> 4u, magic)), scale_1);
        panel_0[column_1 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_1.y >> 8u, magic), dequantize_pair(words_1.y >> 12u, magic)), scale_1);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 2u * SIDE * X_STRIDE], X_STRIDE);
            sum_2_0 = coopMultiplyAdd(a, b_0_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(a, b_0_1, sum_2_1);
        }
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 3u * SIDE * X_STRIDE], X_STRIDE);
            sum_3_0 = coopMultiplyAdd(a, b_0_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(a, b_0_1, sum_3_1);
        }
        subgroupBarrier();
        b_0_0 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own], W_STRIDE);
        b_0_1 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own + 1u * (SIDE / 4u)], W_STRIDE);
        // The panel is in registers, and what lies there may go.
        subgroupBarrier();
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 4u], X_STRIDE);
            sum_0_0 = coopMultiplyAdd(a, b_0_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(a, b_0_1, sum_0_1);
        }
        panel_0[column_0] = apply_scale(vec4<f16>(dequantize_pair(words_0.z, magic), dequantize_pair(words_0.z >> 4u, magic)), scale_0);
        panel_0[column_0 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_0.z >> 8u, magic), dequantize_pair(words_0.z >> 12u, magic)), scale_0);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 1u * SIDE * X_STRIDE + 4u], X_STRIDE);
            sum_1_0 = coopMultiplyAdd(a, b_0_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(a, b_0_1, sum_1_1);
        }
        panel_0[column_1] = apply_scale(vec4<f16>(dequantize_pair(words_1.z, magic), dequantize_pair(words_1.z >> 4u, magic)), scale_1);
        panel_0[column_1 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_1.z >> 8u, magic), dequantize_pair(words_1.z >> 12u, magic)), scale_1);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 2u * SIDE * X_STRIDE + 4u], X_STRIDE);
            sum_2_0 = coopMultiplyAdd(a, b_0_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(a, b_0_1, sum_2_1);
        }
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 3u * SIDE * X_STRIDE + 4u], X_STRIDE);
            sum_3_0 = coopMultiplyAdd(a, b_0_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(a, b_0_1, sum_3_1);
        }
        subgroupBarrier();
        b_0_0 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own], W_STRIDE);
        b_0_1 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own + 1u * (SIDE / 4u)], W_STRIDE);
        // The panel is in registers, and what lies there may go.
        subgroupBarrier();
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 8u], X_STRIDE);
            sum_0_0 = coopMultiplyAdd(a, b_0_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(a, b_0_1, sum_0_1);
        }
        panel_0[column_0] = apply_scale(vec4<f16>(dequantize_pair(words_0.w, magic), dequantize_pair(words_0.w >> 4u, magic)), scale_0);
        panel_0[column_0 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_0.w >> 8u, magic), dequantize_pair(words_0.w >> 12u, magic)), scale_0);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 1u * SIDE * X_STRIDE + 8u], X_STRIDE);
            sum_1_0 = coopMultiplyAdd(a, b_0_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(a, b_0_1, sum_1_1);
        }
        panel_0[column_1] = apply_scale(vec4<f16>(dequantize_pair(words_1.w, magic), dequantize_pair(words_1.w >> 4u, magic)), scale_1);
        panel_0[column_1 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_1.w >> 8u, magic), dequantize_pair(words_1.w >> 12u, magic)), scale_1);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 2u * SIDE * X_STRIDE + 8u], X_STRIDE);
            sum_2_0 = coopMultiplyAdd(a, b_0_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(a, b_0_1, sum_2_1);
        }
        x_tile_1[x_place_0] = vec4<f16>(input_pair(x_words_0.x), input_pair(x_words_0.y));
        x_tile_1[x_place_0 + 1u] = vec4<f16>(input_pair(x_words_0.z), input_pair(x_words_0.w));
        x_tile_1[x_place_1] = vec4<f16>(input_pair(x_words_1.x), input_pair(x_words_1.y));
        x_tile_1[x_place_1 + 1u] = vec4<f16>(input_pair(x_words_1.z), input_pair(x_words_1.w));
        x_tile_1[x_place_2] = vec4<f16>(input_pair(x_words_2.x), input_pair(x_words_2.y));
        x_tile_1[x_place_2 + 1u] = vec4<f16>(input_pair(x_words_2.z), input_pair(x_words_2.w));
        x_tile_1[x_place_3] = vec4<f16>(input_pair(x_words_3.x), input_pair(x_words_3.y));
        x_tile_1[x_place_3 + 1u] = vec4<f16>(input_pair(x_words_3.z), input_pair(x_words_3.w));
        x_tile_1[x_place_4] = vec4<f16>(input_pair(x_words_4.x), input_pair(x_words_4.y));
        x_tile_1[x_place_4 + 1u] = vec4<f16>(input_pair(x_words_4.z), input_pair(x_words_4.w));
        x_tile_1[x_place_5] = vec4<f16>(input_pair(x_words_5.x), input_pair(x_words_5.y));
        x_tile_1[x_place_5 + 1u] = vec4<f16>(input_pair(x_words_5.z), input_pair(x_words_5.w));
        x_tile_1[x_place_6] = vec4<f16>(input_pair(x_words_6.x), input_pair(x_words_6.y));
        x_tile_1[x_place_6 + 1u] = vec4<f16>(input_pair(x_words_6.z), input_pair(x_words_6.w));
        x_tile_1[x_place_7] = vec4<f16>(input_pair(x_words_7.x), input_pair(x_words_7.y));
        x_tile_1[x_place_7 + 1u] = vec4<f16>(input_pair(x_words_7.z), input_pair(x_words_7.w));
        x_words_0 = input[x_0 + (walked + 128u) / INPUTS];
        x_words_1 = input[x_1 + (walked + 128u) / INPUTS];
        x_words_2 = input[x_2 + (walked + 128u) / INPUTS];
        x_words_3 = input[x_3 + (walked + 128u) / INPUTS];
        x_words_4 = input[x_4 + (walked + 128u) / INPUTS];
        x_words_5 = input[x_5 + (walked + 128u) / INPUTS];
        x_words_6 = input[x_6 + (walked + 128u) / INPUTS];
        x_words_7 = input[x_7 + (walked + 128u) / INPUTS];
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 3u * SIDE * X_STRIDE + 8u], X_STRIDE);
            sum_3_0 = coopMultiplyAdd(a, b_0_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(a, b_0_1, sum_3_1);
        }
        subgroupBarrier();
        b_0_0 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own], W_STRIDE);
        b_0_1 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own + 1u * (SIDE / 4u)], W_STRIDE);
        // The panel is in registers, and what lies there may go.
        subgroupBarrier();
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 12u], X_STRIDE);
            sum_0_0 = coopMultiplyAdd(a, b_0_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(a, b_0_1, sum_0_1);
        }
        words_0 = next_words_0;
        words_1 = next_words_1;
        {
            let arrived = swap(vec2<f32>(next_scale), part);
            scale_0 = split_scale(arrived.x);
            scale_1 = split_scale(arrived.y);
        }
        panel_0[column_0] = apply_scale(vec4<f16>(dequantize_pair(words_0.x, magic), dequantize_pair(words_0.x >> 4u, magic)), scale_0);
        panel_0[column_0 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_0.x >> 8u, magic), dequantize_pair(words_0.x >> 12u, magic)), scale_0);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 1u * SIDE * X_STRIDE + 12u], X_STRIDE);
            sum_1_0 = coopMultiplyAdd(a, b_0_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(a, b_0_1, sum_1_1);
        }
        panel_0[column_1] = apply_scale(vec4<f16>(dequantize_pair(words_1.x, magic), dequantize_pair(words_1.x >> 4u, magic)), scale_1);
        panel_0[column_1 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_1.x >> 8u, magic), dequantize_pair(words_1.x >> 12u, magic)), scale_1);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 2u * SIDE * X_STRIDE + 12u], X_STRIDE);
            sum_2_0 = coopMultiplyAdd(a, b_0_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(a, b_0_1, sum_2_1);
        }
        {
            let next_k = min(k + 128u, params.K - STRETCH);
            next_words_0 = weight[w_0 + next_k / LOAD];
            next_words_1 = weight[w_1 + next_k / LOAD];
            // A group of several loads has one scale.
            if (next_k % GROUP_SIZE == 0u) {
                let group = (next_k + lane_k) / GROUP_SIZE;
                next_scale = load_scale(scale_n, group);
            }
        }
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_0[own_inputs + 3u * SIDE * X_STRIDE + 12u], X_STRIDE);
            sum_3_0 = coopMultiplyAdd(a, b_0_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(a, b_0_1, sum_3_1);
        }
        // The next tile is stored, and everybody has multiplied this one.
        workgroupBarrier();
        b_0_0 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own], W_STRIDE);
        b_0_1 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own + 1u * (SIDE / 4u)], W_STRIDE);
        // The panel is in registers, and what lies there may go.
        subgroupBarrier();
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 0u], X_STRIDE);
            sum_0_0 = coopMultiplyAdd(a, b_0_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(a, b_0_1, sum_0_1);
        }
        panel_0[column_0] = apply_scale(vec4<f16>(dequantize_pair(words_0.y, magic), dequantize_pair(words_0.y >> 4u, magic)), scale_0);
        panel_0[column_0 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_0.y >> 8u, magic), dequantize_pair(words_0.y >> 12u, magic)), scale_0);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 1u * SIDE * X_STRIDE], X_STRIDE);
            sum_1_0 = coopMultiplyAdd(a, b_0_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(a, b_0_1, sum_1_1);
        }
        panel_0[column_1] = apply_scale(vec4<f16>(dequantize_pair(words_1.y, magic), dequantize_pair(words_1.y >> 4u, magic)), scale_1);
        panel_0[column_1 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_1.y >> 8u, magic), dequantize_pair(words_1.y >> 12u, magic)), scale_1);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 2u * SIDE * X_STRIDE], X_STRIDE);
            sum_2_0 = coopMultiplyAdd(a, b_0_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(a, b_0_1, sum_2_1);
        }
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 3u * SIDE * X_STRIDE], X_STRIDE);
            sum_3_0 = coopMultiplyAdd(a, b_0_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(a, b_0_1, sum_3_1);
        }
        subgroupBarrier();
        b_0_0 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own], W_STRIDE);
        b_0_1 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own + 1u * (SIDE / 4u)], W_STRIDE);
        // The panel is in registers, and what lies there may go.
        subgroupBarrier();
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 4u], X_STRIDE);
            sum_0_0 = coopMultiplyAdd(a, b_0_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(a, b_0_1, sum_0_1);
        }
        panel_0[column_0] = apply_scale(vec4<f16>(dequantize_pair(words_0.z, magic), dequantize_pair(words_0.z >> 4u, magic)), scale_0);
        panel_0[column_0 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_0.z >> 8u, magic), dequantize_pair(words_0.z >> 12u, magic)), scale_0);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 1u * SIDE * X_STRIDE + 4u], X_STRIDE);
            sum_1_0 = coopMultiplyAdd(a, b_0_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(a, b_0_1, sum_1_1);
        }
        panel_0[column_1] = apply_scale(vec4<f16>(dequantize_pair(words_1.z, magic), dequantize_pair(words_1.z >> 4u, magic)), scale_1);
        panel_0[column_1 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_1.z >> 8u, magic), dequantize_pair(words_1.z >> 12u, magic)), scale_1);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 2u * SIDE * X_STRIDE + 4u], X_STRIDE);
            sum_2_0 = coopMultiplyAdd(a, b_0_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(a, b_0_1, sum_2_1);
        }
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 3u * SIDE * X_STRIDE + 4u], X_STRIDE);
            sum_3_0 = coopMultiplyAdd(a, b_0_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(a, b_0_1, sum_3_1);
        }
        subgroupBarrier();
        b_0_0 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own], W_STRIDE);
        b_0_1 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own + 1u * (SIDE / 4u)], W_STRIDE);
        // The panel is in registers, and what lies there may go.
        subgroupBarrier();
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 8u], X_STRIDE);
            sum_0_0 = coopMultiplyAdd(a, b_0_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(a, b_0_1, sum_0_1);
        }
        panel_0[column_0] = apply_scale(vec4<f16>(dequantize_pair(words_0.w, magic), dequantize_pair(words_0.w >> 4u, magic)), scale_0);
        panel_0[column_0 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_0.w >> 8u, magic), dequantize_pair(words_0.w >> 12u, magic)), scale_0);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 1u * SIDE * X_STRIDE + 8u], X_STRIDE);
            sum_1_0 = coopMultiplyAdd(a, b_0_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(a, b_0_1, sum_1_1);
        }
        panel_0[column_1] = apply_scale(vec4<f16>(dequantize_pair(words_1.w, magic), dequantize_pair(words_1.w >> 4u, magic)), scale_1);
        panel_0[column_1 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_1.w >> 8u, magic), dequantize_pair(words_1.w >> 12u, magic)), scale_1);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 2u * SIDE * X_STRIDE + 8u], X_STRIDE);
            sum_2_0 = coopMultiplyAdd(a, b_0_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(a, b_0_1, sum_2_1);
        }
        x_tile_0[x_place_0] = vec4<f16>(input_pair(x_words_0.x), input_pair(x_words_0.y));
        x_tile_0[x_place_0 + 1u] = vec4<f16>(input_pair(x_words_0.z), input_pair(x_words_0.w));
        x_tile_0[x_place_1] = vec4<f16>(input_pair(x_words_1.x), input_pair(x_words_1.y));
        x_tile_0[x_place_1 + 1u] = vec4<f16>(input_pair(x_words_1.z), input_pair(x_words_1.w));
        x_tile_0[x_place_2] = vec4<f16>(input_pair(x_words_2.x), input_pair(x_words_2.y));
        x_tile_0[x_place_2 + 1u] = vec4<f16>(input_pair(x_words_2.z), input_pair(x_words_2.w));
        x_tile_0[x_place_3] = vec4<f16>(input_pair(x_words_3.x), input_pair(x_words_3.y));
        x_tile_0[x_place_3 + 1u] = vec4<f16>(input_pair(x_words_3.z), input_pair(x_words_3.w));
        x_tile_0[x_place_4] = vec4<f16>(input_pair(x_words_4.x), input_pair(x_words_4.y));
        x_tile_0[x_place_4 + 1u] = vec4<f16>(input_pair(x_words_4.z), input_pair(x_words_4.w));
        x_tile_0[x_place_5] = vec4<f16>(input_pair(x_words_5.x), input_pair(x_words_5.y));
        x_tile_0[x_place_5 + 1u] = vec4<f16>(input_pair(x_words_5.z), input_pair(x_words_5.w));
        x_tile_0[x_place_6] = vec4<f16>(input_pair(x_words_6.x), input_pair(x_words_6.y));
        x_tile_0[x_place_6 + 1u] = vec4<f16>(input_pair(x_words_6.z), input_pair(x_words_6.w));
        x_tile_0[x_place_7] = vec4<f16>(input_pair(x_words_7.x), input_pair(x_words_7.y));
        x_tile_0[x_place_7 + 1u] = vec4<f16>(input_pair(x_words_7.z), input_pair(x_words_7.w));
        x_words_0 = input[x_0 + (walked + 192u) / INPUTS];
        x_words_1 = input[x_1 + (walked + 192u) / INPUTS];
        x_words_2 = input[x_2 + (walked + 192u) / INPUTS];
        x_words_3 = input[x_3 + (walked + 192u) / INPUTS];
        x_words_4 = input[x_4 + (walked + 192u) / INPUTS];
        x_words_5 = input[x_5 + (walked + 192u) / INPUTS];
        x_words_6 = input[x_6 + (walked + 192u) / INPUTS];
        x_words_7 = input[x_7 + (walked + 192u) / INPUTS];
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 3u * SIDE * X_STRIDE + 8u], X_STRIDE);
            sum_3_0 = coopMultiplyAdd(a, b_0_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(a, b_0_1, sum_3_1);
        }
        subgroupBarrier();
        b_0_0 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own], W_STRIDE);
        b_0_1 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own + 1u * (SIDE / 4u)], W_STRIDE);
        // The panel is in registers, and what lies there may go.
        subgroupBarrier();
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 12u], X_STRIDE);
            sum_0_0 = coopMultiplyAdd(a, b_0_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(a, b_0_1, sum_0_1);
        }
        words_0 = next_words_0;
        words_1 = next_words_1;
        {
            let arrived = swap(vec2<f32>(next_scale), part);
            scale_0 = split_scale(arrived.x);
            scale_1 = split_scale(arrived.y);
        }
        panel_0[column_0] = apply_scale(vec4<f16>(dequantize_pair(words_0.x, magic), dequantize_pair(words_0.x >> 4u, magic)), scale_0);
        panel_0[column_0 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_0.x >> 8u, magic), dequantize_pair(words_0.x >> 12u, magic)), scale_0);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 1u * SIDE * X_STRIDE + 12u], X_STRIDE);
            sum_1_0 = coopMultiplyAdd(a, b_0_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(a, b_0_1, sum_1_1);
        }
        panel_0[column_1] = apply_scale(vec4<f16>(dequantize_pair(words_1.x, magic), dequantize_pair(words_1.x >> 4u, magic)), scale_1);
        panel_0[column_1 + 1u] = apply_scale(vec4<f16>(dequantize_pair(words_1.x >> 8u, magic), dequantize_pair(words_1.x >> 12u, magic)), scale_1);
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 2u * SIDE * X_STRIDE + 12u], X_STRIDE);
            sum_2_0 = coopMultiplyAdd(a, b_0_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(a, b_0_1, sum_2_1);
        }
        {
            let next_k = min(k + 192u, params.K - STRETCH);
            next_words_0 = weight[w_0 + next_k / LOAD];
            next_words_1 = weight[w_1 + next_k / LOAD];
            // A group of several loads has one scale.
            if (next_k % GROUP_SIZE == 0u) {
                let group = (next_k + lane_k) / GROUP_SIZE;
                next_scale = load_scale(scale_n, group);
            }
        }
        {
            let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile_1[own_inputs + 3u * SIDE * X_STRIDE + 12u], X_STRIDE);
            sum_3_0 = coopMultiplyAdd(a, b_0_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(a, b_0_1, sum_3_1);
        }
        // The next tile is stored, and everybody has multiplied this one.
        workgroupBarrier();
        b_0_0 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own], W_STRIDE);
        b_0_1 = coopLoad<coop_mat16x16<f16, B>>(&panel_0[own + 1u * (SIDE / 4u)], W_STRIDE);
        // The panel is in registers, and what lies there may go.
        subgroupBarrier();
    }

    let place = (team * MATRICES_OF_TEAM + subgroup % SUBGROUPS_OF_TEAM % MATRICES_OF_TEAM) * (SIDE * SIDE);
    let matrices = &output_tile[place];
    let sums_0_0 = sum_0_0;
    coopStoreT(sums_0_0, matrices, SIDE);
    workgroupBarrier();
    let y_0_0_0 = sum_of_teams(thread);
    let y_0_0_1 = sum_of_teams(thread + 1u * THREADS);
    let y_0_0_2 = sum_of_teams(thread + 2u * THREADS);
    let y_0_0_3 = sum_of_teams(thread + 3u * THREADS);
    workgroupBarrier();
    let sums_0_1 = sum_0_1;
    coopStoreT(sums_0_1, matrices, SIDE);
    workgroupBarrier();
    let y_0_1_0 = sum_of_teams(thread);
    let y_0_1_1 = sum_of_teams(thread + 1u * THREADS);
    let y_0_1_2 = sum_of_teams(thread + 2u * THREADS);
    let y_0_1_3 = sum_of_teams(thread + 3u * THREADS);
    workgroupBarrier();
    let sums_1_0 = sum_1_0;
    coopStoreT(sums_1_0, matrices, SIDE);
    workgroupBarrier();
    let y_1_0_0 = sum_of_teams(thread);
    let y_1_0_1 = sum_of_teams(thread + 1u * THREADS);
    let y_1_0_2 = sum_of_teams(thread + 2u * THREADS);
    let y_1_0_3 = sum_of_teams(thread + 3u * THREADS);
    workgroupBarrier();
    let sums_1_1 = sum_1_1;
    coopStoreT(sums_1_1, matrices, SIDE);
    workgroupBarrier();
    let y_1_1_0 = sum_of_teams(thread);
    let y_1_1_1 = sum_of_teams(thread + 1u * THREADS);
    let y_1_1_2 = sum_of_teams(thread + 2u * THREADS);
    let y_1_1_3 = sum_of_teams(thread + 3u * THREADS);
    workgroupBarrier();
    let sums_2_0 = sum_2_0;
    coopStoreT(sums_2_0, matrices, SIDE);
    workgroupBarrier();
    let y_2_0_0 = sum_of_teams(thread);
    let y_2_0_1 = sum_of_teams(thread + 1u * THREADS);
    let y_2_0_2 = sum_of_teams(thread + 2u * THREADS);
    let y_2_0_3 = sum_of_teams(thread + 3u * THREADS);
    workgroupBarrier();
    let sums_2_1 = sum_2_1;
    coopStoreT(sums_2_1, matrices, SIDE);
    workgroupBarrier();
    let y_2_1_0 = sum_of_teams(thread);
    let y_2_1_1 = sum_of_teams(thread + 1u * THREADS);
    let y_2_1_2 = sum_of_teams(thread + 2u * THREADS);
    let y_2_1_3 = sum_of_teams(thread + 3u * THREADS);
    workgroupBarrier();
    let sums_3_0 = sum_3_0;
    coopStoreT(sums_3_0, matrices, SIDE);
    workgroupBarrier();
    let y_3_0_0 = sum_of_teams(thread);
    let y_3_0_1 = sum_of_teams(thread + 1u * THREADS);
    let y_3_0_2 = sum_of_teams(thread + 2u * THREADS);
    let y_3_0_3 = sum_of_teams(thread + 3u * THREADS);
    workgroupBarrier();
    let sums_3_1 = sum_3_1;
    coopStoreT(sums_3_1, matrices, SIDE);
    workgroupBarrier();
    let y_3_1_0 = sum_of_teams(thread);
    let y_3_1_1 = sum_of_teams(thread + 1u * THREADS);
    let y_3_1_2 = sum_of_teams(thread + 2u * THREADS);
    let y_3_1_3 = sum_of_teams(thread + 3u * THREADS);
    // Which outputs these are, of those of the first matrices.
    let output_m_0 = tile_m + thread / SIDE % SIDE;
    let output_n_0 = tile_n + thread / (SIDE * SIDE) * PANEL + thread % SIDE;
    let output_at_0 = params.output_offset + output_m_0 * params.output_stride + output_n_0;
    let output_m_1 = tile_m + (thread + 1u * THREADS) / SIDE % SIDE;
    let output_n_1 = tile_n + (thread + 1u * THREADS) / (SIDE * SIDE) * PANEL + thread % SIDE;
    let output_at_1 = params.output_offset + output_m_1 * params.output_stride + output_n_1;
    let output_m_2 = tile_m + (thread + 2u * THREADS) / SIDE % SIDE;
    let output_n_2 = tile_n + (thread + 2u * THREADS) / (SIDE * SIDE) * PANEL + thread % SIDE;
    let output_at_2 = params.output_offset + output_m_2 * params.output_stride + output_n_2;
    let output_m_3 = tile_m + (thread + 3u * THREADS) / SIDE % SIDE;
    let output_n_3 = tile_n + (thread + 3u * THREADS) / (SIDE * SIDE) * PANEL + thread % SIDE;
    let output_at_3 = params.output_offset + output_m_3 * params.output_stride + output_n_3;
    if (tile_m + TILE_M <= params.M && tile_n + TILE_N <= params.N) {
        output[output_at_0] = y_0_0_0;
        output[output_at_1] = y_0_0_1;
        output[output_at_2] = y_0_0_2;
        output[output_at_3] = y_0_0_3;
        output[output_at_0 + 1u * SIDE] = y_0_1_0;
        output[output_at_1 + 1u * SIDE] = y_0_1_1;
        output[output_at_2 + 1u * SIDE] = y_0_1_2;
        output[output_at_3 + 1u * SIDE] = y_0_1_3;
        output[output_at_0 + 1u * SIDE * params.output_stride] = y_1_0_0;
        output[output_at_1 + 1u * SIDE * params.output_stride] = y_1_0_1;
        output[output_at_2 + 1u * SIDE * params.output_stride] = y_1_0_2;
        output[output_at_3 + 1u * SIDE * params.output_stride] = y_1_0_3;
        output[output_at_0 + 1u * SIDE * params.output_stride + 1u * SIDE] = y_1_1_0;
        output[output_at_1 + 1u * SIDE * params.output_stride + 1u * SIDE] = y_1_1_1;
        output[output_at_2 + 1u * SIDE * params.output_stride + 1u * SIDE] = y_1_1_2;
        output[output_at_3 + 1u * SIDE * params.output_stride + 1u * SIDE] = y_1_1_3;
        output[output_at_0 + 2u * SIDE * params.output_stride] = y_2_0_0;
        output[output_at_1 + 2u * SIDE * params.output_stride] = y_2_0_1;
        output[output_at_2 + 2u * SIDE * params.output_stride] = y_2_0_2;
        output[output_at_3 + 2u * SIDE * params.output_stride] = y_2_0_3;
        output[output_at_0 + 2u * SIDE * params.output_stride + 1u * SIDE] = y_2_1_0;
        output[output_at_1 + 2u * SIDE * params.output_stride + 1u * SIDE] = y_2_1_1;
        output[output_at_2 + 2u * SIDE * params.output_stride + 1u * SIDE] = y_2_1_2;
        output[output_at_3 + 2u * SIDE * params.output_stride + 1u * SIDE] = y_2_1_3;
        output[output_at_0 + 3u * SIDE * params.output_stride] = y_3_0_0;
        output[output_at_1 + 3u * SIDE * params.output_stride] = y_3_0_1;
        output[output_at_2 + 3u * SIDE * params.output_stride] = y_3_0_2;
        output[output_at_3 + 3u * SIDE * params.output_stride] = y_3_0_3;
        output[output_at_0 + 3u * SIDE * params.output_stride + 1u * SIDE] = y_3_1_0;
        output[output_at_1 + 3u * SIDE * params.output_stride + 1u * SIDE] = y_3_1_1;
        output[output_at_2 + 3u * SIDE * params.output_stride + 1u * SIDE] = y_3_1_2;
        output[output_at_3 + 3u * SIDE * params.output_stride + 1u * SIDE] = y_3_1_3;
    } else {
        if (output_m_0 < params.M && output_n_0 < params.N) {
            output[output_at_0] = y_0_0_0;
        }
        if (output_m_1 < params.M && output_n_1 < params.N) {
            output[output_at_1] = y_0_0_1;
        }
        if (output_m_2 < params.M && output_n_2 < params.N) {
            output[output_at_2] = y_0_0_2;
        }
        if (output_m_3 < params.M && output_n_3 < params.N) {
            output[output_at_3] = y_0_0_3;
        }
        if (output_m_0 < params.M && output_n_0 + 1u * SIDE < params.N) {
            output[output_at_0 + 1u * SIDE] = y_0_1_0;
        }
        if (output_m_1 < params.M && output_n_1 + 1u * SIDE < params.N) {
            output[output_at_1 + 1u * SIDE] = y_0_1_1;
        }
        if (output_m_2 < params.M && output_n_2 + 1u * SIDE < params.N) {
            output[output_at_2 + 1u * SIDE] = y_0_1_2;
        }
        if (output_m_3 < params.M && output_n_3 + 1u * SIDE < params.N) {
            output[output_at_3 + 1u * SIDE] = y_0_1_3;
        }
        if (output_m_0 + 1u * SIDE < params.M && output_n_0 < params.N) {
            output[output_at_0 + 1u * SIDE * params.output_stride] = y_1_0_0;
        }
        if (output_m_1 + 1u * SIDE < params.M && output_n_1 < params.N) {
            output[output_at_1 + 1u * SIDE * params.output_stride] = y_1_0_1;
        }
        if (output_m_2 + 1u * SIDE < params.M && output_n_2 < params.N) {
            output[output_at_2 + 1u * SIDE * params.output_stride] = y_1_0_2;
        }
        if (output_m_3 + 1u * SIDE < params.M && output_n_3 < params.N) {
            output[output_at_3 + 1u * SIDE * params.output_stride] = y_1_0_3;
        }
        if (output_m_0 + 1u * SIDE < params.M && output_n_0 + 1u * SIDE < params.N) {
            output[output_at_0 + 1u * SIDE * params.output_stride + 1u * SIDE] = y_1_1_0;
        }
        if (output_m_1 + 1u * SIDE < params.M && output_n_1 + 1u * SIDE < params.N) {
            output[output_at_1 + 1u * SIDE * params.output_stride + 1u * SIDE] = y_1_1_1;
        }
        if (output_m_2 + 1u * SIDE < params.M && output_n_2 + 1u * SIDE < params.N) {
            output[output_at_2 + 1u * SIDE * params.output_stride + 1u * SIDE] = y_1_1_2;
        }
        if (output_m_3 + 1u * SIDE < params.M && output_n_3 + 1u * SIDE < params.N) {
            output[output_at_3 + 1u * SIDE * params.output_stride + 1u * SIDE] = y_1_1_3;
        }
        if (output_m_0 + 2u * SIDE < params.M && output_n_0 < params.N) {
            output[output_at_0 + 2u * SIDE * params.output_stride] = y_2_0_0;
        }
        if (output_m_1 + 2u * SIDE < params.M && output_n_1 < params.N) {
            output[output_at_1 + 2u * SIDE * params.output_stride] = y_2_0_1;
        }
        if (output_m_2 + 2u * SIDE < params.M && output_n_2 < params.N) {
            output[output_at_2 + 2u * SIDE * params.output_stride] = y_2_0_2;
        }
        if (output_m_3 + 2u * SIDE < params.M && output_n_3 < params.N) {
            output[output_at_3 + 2u * SIDE * params.output_stride] = y_2_0_3;
        }
        if (output_m_0 + 2u * SIDE < params.M && output_n_0 + 1u * SIDE < params.N) {
            output[output_at_0 + 2u * SIDE * params.output_stride + 1u * SIDE] = y_2_1_0;
        }
        if (output_m_1 + 2u * SIDE < params.M && output_n_1 + 1u * SIDE < params.N) {
            output[output_at_1 + 2u * SIDE * params.output_stride + 1u * SIDE] = y_2_1_1;
        }
        if (output_m_2 + 2u * SIDE < params.M && output_n_2 + 1u * SIDE < params.N) {
            output[output_at_2 + 2u * SIDE * params.output_stride + 1u * SIDE] = y_2_1_2;
        }
        if (output_m_3 + 2u * SIDE < params.M && output_n_3 + 1u * SIDE < params.N) {
            output[output_at_3 + 2u * SIDE * params.output_stride + 1u * SIDE] = y_2_1_3;
        }
        if (output_m_0 + 3u * SIDE < params.M && output_n_0 < params.N) {
            output[output_at_0 + 3u * SIDE * params.output_stride] = y_3_0_0;
        }
        if (output_m_1 + 3u * SIDE < params.M && output_n_1 < params.N) {
            output[output_at_1 + 3u * SIDE * params.output_stride] = y_3_0_1;
        }
        if (output_m_2 + 3u * SIDE < params.M && output_n_2 < params.N) {
            output[output_at_2 + 3u * SIDE * params.output_stride] = y_3_0_2;
        }
        if (output_m_3 + 3u * SIDE < params.M && output_n_3 < params.N) {
            output[output_at_3 + 3u * SIDE * params.output_stride] = y_3_0_3;
        }
        if (output_m_0 + 3u * SIDE < params.M && output_n_0 + 1u * SIDE < params.N) {
            output[output_at_0 + 3u * SIDE * params.output_stride + 1u * SIDE] = y_3_1_0;
        }
        if (output_m_1 + 3u * SIDE < params.M && output_n_1 + 1u * SIDE < params.N) {
            output[output_at_1 + 3u * SIDE * params.output_stride + 1u * SIDE] = y_3_1_1;
        }
        if (output_m_2 + 3u * SIDE < params.M && output_n_2 + 1u * SIDE < params.N) {
            output[output_at_2 + 3u * SIDE * params.output_stride + 1u * SIDE] = y_3_1_2;
        }
        if (output_m_3 + 3u * SIDE < params.M && output_n_3 + 1u * SIDE < params.N) {
            output[output_at_3 + 3u * SIDE * params.output_stride + 1u * SIDE] = y_3_1_3;
        }
    }
}
