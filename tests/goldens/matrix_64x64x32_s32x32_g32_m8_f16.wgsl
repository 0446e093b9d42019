// matrix_64x64x32_s32x32_g32_m8_f16
//
// GEMM of cooperative matrices on q4gsw weights, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   tile        64 x 64 outputs, K in steps of 32 in workgroup memory, the next one in registers
//   subgroups   4 of 32 lanes, 32 x 32 outputs each in matrices of 8 x 8
//   group size  32
//   scales      f32 [N, groups]
//   numeric     f16_multiply (f16 operands, f32 accumulate)
//   serves      K % 8 == 0, group_size == 32
//   needs       SUBGROUP, COOPERATIVE_MATRIX_8X8, SHADER_F16
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
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weight: array<u32>;
@group(0) @binding(3) var<storage, read> scales: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const WEIGHTS_PER_WORD: u32 = 8u;
const GROUP_SIZE: u32 = 32u;

// Outputs of a workgroup.
const TILE_M: u32 = 64u;
const TILE_N: u32 = 64u;
// Elements of K that are staged at once.
const TILE_K: u32 = 32u;
// Outputs of a subgroup.
const SUBGROUP_M: u32 = 32u;
const SUBGROUP_N: u32 = 32u;
// Rows and columns of a matrix.
const SIDE: u32 = 8u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = 32u;
const SUBGROUPS_N: u32 = TILE_N / SUBGROUP_N;
const SUBGROUPS: u32 = (TILE_M / SUBGROUP_M) * SUBGROUPS_N;
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;

// Words of a row of weights and vectors of a row of inputs in one step.
const STEP_WORDS: u32 = TILE_K / WEIGHTS_PER_WORD;
const STEP_VECTORS: u32 = TILE_K / 4u;
// Vectors from one staged row to the next: an odd number of 16 bytes, so that the same k of eight neighbouring rows fills all banks.
const STRIDE: u32 = STEP_VECTORS + 2u;

// Matrices cover the subgroups' tiles, and these the workgroup's.
const_assert TILE_M % SUBGROUP_M == 0u && TILE_N % SUBGROUP_N == 0u;
const_assert SUBGROUP_M % SIDE == 0u && SUBGROUP_N % SIDE == 0u && TILE_K % SIDE == 0u;
// All threads load the same number of words and vectors.
const_assert TILE_M * STEP_VECTORS == 4u * THREADS;
const_assert TILE_N * STEP_WORDS == 2u * THREADS;
const_assert 1u == (STRIDE / 2u) % 2u;
// No group boundary splits a word, so a word has one scale.
const_assert GROUP_SIZE % WEIGHTS_PER_WORD == 0u;

// One step of the workgroup's rows of inputs and columns of weights; a vector holds four consecutive k.
var<workgroup> x_tile: array<vec4<f16>, TILE_M * STRIDE>;
var<workgroup> w_tile: array<vec4<f16>, TILE_N * STRIDE>;
// What the sums of each column start from.
var<workgroup> bias_tile: array<f32, TILE_N>;
// One matrix of each subgroup, on its way to outputs that do not all exist.
var<workgroup> output_tile: array<f32, SUBGROUPS * SIDE * SIDE>;

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

fn load_input(place: u32, exists: bool) -> vec4<f32> {
    if (exists) {
        return input[place];
    }
    return vec4<f32>();
}

fn load_word(place: u32, exists: bool) -> u32 {
    if (exists) {
        return weight[place];
    }
    return 0u;
}

fn scale_of(n: u32, k: u32, exists: bool) -> f32 {
    if (exists) {
        return load_scale(n, k / GROUP_SIZE);
    }
    return 0.0;
}

// The bias of a column, the last one past the edge.
fn load_bias(n: u32) -> f32 {
    // Without a bias the binding is a dummy that must not be read.
    if (params.has_bias == 0u) {
        return 0.0;
    }
    return bias[min(n, params.N - 1u)];
}

// Rows of a matrix that the lanes of a subgroup store at once.
const STORED_ROWS: u32 = SUBGROUP_SIZE / SIDE;

// Stores those outputs of the matrix at `first` in `output_tile` that exist; the first of them is that of row m and column n.
fn store_edge(first: u32, lane: u32, m: u32, n: u32) {
    let row = m + lane / SIDE;
    let column = n + lane % SIDE;
    let at = params.output_offset + row * params.output_stride + column;
    let rows = select(0u, params.M, column < params.N);
    let value_0 = output_tile[first + lane];
    let value_1 = output_tile[first + lane + 1u * SUBGROUP_SIZE];
    if (row < rows) {
        output[at] = value_0;
    }
    if (row + 1u * STORED_ROWS < rows) {
        output[at + 1u * STORED_ROWS * params.output_stride] = value_1;
    }
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    // Tiles are numbered row by row; the y of the grid folds what exceeds the limit of x.
    let tile = workgroup.y * workgroups.x + workgroup.x;
    let tiles_n = (params.N + TILE_N - 1u) / TILE_N;
    let tile_m = (tile / tiles_n) * TILE_M;
    let tile_n = (tile % tiles_n) * TILE_N;
    if (tile_m >= params.M) {
        return;
    }
    // The subgroup's part of the tile.
    let subgroup_m = (subgroup / SUBGROUPS_N) * SUBGROUP_M;
    let subgroup_n = (subgroup % SUBGROUPS_N) * SUBGROUP_N;

    // Neighbouring threads load neighbouring vectors of a row. Rows and columns past the edge repeat the last one; the store drops them.
    let x_row_0 = thread / STEP_VECTORS;
    let x_k_0 = 4u * (thread % STEP_VECTORS);
    let x_0 = (params.input_offset + min(tile_m + x_row_0, params.M - 1u) * params.K + x_k_0) / 4u;
    var next_x_0 = load_input(x_0, x_k_0 < params.K);
    let x_row_1 = x_row_0 + 1u * (THREADS / STEP_VECTORS);
    let x_k_1 = x_k_0;
    let x_1 = (params.input_offset + min(tile_m + x_row_1, params.M - 1u) * params.K + x_k_1) / 4u;
    var next_x_1 = load_input(x_1, x_k_1 < params.K);
    let x_row_2 = x_row_0 + 2u * (THREADS / STEP_VECTORS);
    let x_k_2 = x_k_0;
    let x_2 = (params.input_offset + min(tile_m + x_row_2, params.M - 1u) * params.K + x_k_2) / 4u;
    var next_x_2 = load_input(x_2, x_k_2 < params.K);
    let x_row_3 = x_row_0 + 3u * (THREADS / STEP_VECTORS);
    let x_k_3 = x_k_0;
    let x_3 = (params.input_offset + min(tile_m + x_row_3, params.M - 1u) * params.K + x_k_3) / 4u;
    var next_x_3 = load_input(x_3, x_k_3 < params.K);
    let w_row_0 = thread / STEP_WORDS;
    let w_k_0 = WEIGHTS_PER_WORD * (thread % STEP_WORDS);
    let n_0 = min(tile_n + w_row_0, params.N - 1u);
    let w_0 = n_0 * (params.K / WEIGHTS_PER_WORD) + w_k_0 / WEIGHTS_PER_WORD;
    var next_w_0 = load_word(w_0, w_k_0 < params.K);
    var next_scale_0 = scale_of(n_0, w_k_0, w_k_0 < params.K);
    let w_row_1 = w_row_0 + 1u * (THREADS / STEP_WORDS);
    let w_k_1 = w_k_0;
    let n_1 = min(tile_n + w_row_1, params.N - 1u);
    let w_1 = n_1 * (params.K / WEIGHTS_PER_WORD) + w_k_1 / WEIGHTS_PER_WORD;
    var next_w_1 = load_word(w_1, w_k_1 < params.K);
    var next_scale_1 = scale_of(n_1, w_k_1, w_k_1 < params.K);

    for (var column = thread; column < TILE_N; column += THREADS) {
        bias_tile[column] = load_bias(tile_n + column);
    }
    workgroupBarrier();
    // Sums start from the bias: with a stride of 0 every row of a matrix is the same.
    var sum_0_0 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n], 0u);
    var sum_0_1 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 1u * SIDE], 0u);
    var sum_0_2 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 2u * SIDE], 0u);
    var sum_0_3 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 3u * SIDE], 0u);
    var sum_1_0 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n], 0u);
    var sum_1_1 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 1u * SIDE], 0u);
    var sum_1_2 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 2u * SIDE], 0u);
    var sum_1_3 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 3u * SIDE], 0u);
    var sum_2_0 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n], 0u);
    var sum_2_1 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 1u * SIDE], 0u);
    var sum_2_2 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 2u * SIDE], 0u);
    var sum_2_3 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 3u * SIDE], 0u);
    var sum_3_0 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n], 0u);
    var sum_3_1 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 1u * SIDE], 0u);
    var sum_3_2 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 2u * SIDE], 0u);
    var sum_3_3 = coopLoadT<coop_mat8x8<f32, C>>(&bias_tile[subgroup_n + 3u * SIDE], 0u);
    for (var k = 0u; k < params.K; k += TILE_K) {
        // Everybody has multiplied what lay there before.
        workgroupBarrier();
        x_tile[x_row_0 * STRIDE + x_k_0 / 4u] = vec4<f16>(next_x_0);
        x_tile[x_row_1 * STRIDE + x_k_1 / 4u] = vec4<f16>(next_x_1);
        x_tile[x_row_2 * STRIDE + x_k_2 / 4u] = vec4<f16>(next_x_2);
        x_tile[x_row_3 * STRIDE + x_k_3 / 4u] = vec4<f16>(next_x_3);
        {
            let scale = split_scale(next_scale_0);
            let pair_0 = dequantize_pair(next_w_0, MAGIC);
            let pair_1 = dequantize_pair(next_w_0 >> 4u, MAGIC);
            let pair_2 = dequantize_pair(next_w_0 >> 8u, MAGIC);
            let pair_3 = dequantize_pair(next_w_0 >> 12u, MAGIC);
            let place = w_row_0 * STRIDE + w_k_0 / 4u;
            w_tile[place] = apply_scale(vec4<f16>(pair_0.x, pair_1.x, pair_2.x, pair_3.x), scale);
            w_tile[place + 1u] = apply_scale(vec4<f16>(pair_0.y, pair_1.y, pair_2.y, pair_3.y), scale);
        }
        {
            let scale = split_scale(next_scale_1);
            let pair_0 = dequantize_pair(next_w_1, MAGIC);
            let pair_1 = dequantize_pair(next_w_1 >> 4u, MAGIC);
            let pair_2 = dequantize_pair(next_w_1 >> 8u, MAGIC);
            let pair_3 = dequantize_pair(next_w_1 >> 12u, MAGIC);
            let place = w_row_1 * STRIDE + w_k_1 / 4u;
            w_tile[place] = apply_scale(vec4<f16>(pair_0.x, pair_1.x, pair_2.x, pair_3.x), scale);
            w_tile[place + 1u] = apply_scale(vec4<f16>(pair_0.y, pair_1.y, pair_2.y, pair_3.y), scale);
        }
        workgroupBarrier();
        // The next step is on its way while this one is multiplied.
        let next_k = k + TILE_K;
        if (next_k + TILE_K <= params.K) {
            next_x_0 = input[x_0 + next_k / 4u];
            next_x_1 = input[x_1 + next_k / 4u];
            next_x_2 = input[x_2 + next_k / 4u];
            next_x_3 = input[x_3 + next_k / 4u];
            next_w_0 = weight[w_0 + next_k / WEIGHTS_PER_WORD];
            next_scale_0 = load_scale(n_0, (next_k + w_k_0) / GROUP_SIZE);
            next_w_1 = weight[w_1 + next_k / WEIGHTS_PER_WORD];
            next_scale_1 = load_scale(n_1, (next_k + w_k_1) / GROUP_SIZE);
        } else {
            next_x_0 = load_input(x_0 + next_k / 4u, next_k + x_k_0 < params.K);
            next_x_1 = load_input(x_1 + next_k / 4u, next_k + x_k_1 < params.K);
            next_x_2 = load_input(x_2 + next_k / 4u, next_k + x_k_2 < params.K);
            next_x_3 = load_input(x_3 + next_k / 4u, next_k + x_k_3 < params.K);
            next_w_0 = load_word(w_0 + next_k / WEIGHTS_PER_WORD, next_k + w_k_0 < params.K);
            next_scale_0 = scale_of(n_0, next_k + w_k_0, next_k + w_k_0 < params.K);
            next_w_1 = load_word(w_1 + next_k / WEIGHTS_PER_WORD, next_k + w_k_1 < params.K);
            next_scale_1 = scale_of(n_1, next_k + w_k_1, next_k + w_k_1 < params.K);
        }
        for (var step = 0u; step < STEP_VECTORS; step += SIDE / 4u) {
            let b_0 = coopLoad<coop_mat8x8<f16, B>>(&w_tile[(subgroup_n) * STRIDE + step], STRIDE);
            let b_1 = coopLoad<coop_mat8x8<f16, B>>(&w_tile[(subgroup_n + 1u * SIDE) * STRIDE + step], STRIDE);
            let b_2 = coopLoad<coop_mat8x8<f16, B>>(&w_tile[(subgroup_n + 2u * SIDE) * STRIDE + step], STRIDE);
            let b_3 = coopLoad<coop_mat8x8<f16, B>>(&w_tile[(subgroup_n + 3u * SIDE) * STRIDE + step], STRIDE);
            let a_0 = coopLoadT<coop_mat8x8<f16, A>>(&x_tile[(subgroup_m) * STRIDE + step], STRIDE);
            sum_0_0 = coopMultiplyAdd(a_0, b_0, sum_0_0);
            sum_0_1 = coopMultiplyAdd(a_0, b_1, sum_0_1);
            sum_0_2 = coopMultiplyAdd(a_0, b_2, sum_0_2);
            sum_0_3 = coopMultiplyAdd(a_0, b_3, sum_0_3);
            let a_1 = coopLoadT<coop_mat8x8<f16, A>>(&x_tile[(subgroup_m + 1u * SIDE) * STRIDE + step], STRIDE);
            sum_1_0 = coopMultiplyAdd(a_1, b_0, sum_1_0);
            sum_1_1 = coopMultiplyAdd(a_1, b_1, sum_1_1);
            sum_1_2 = coopMultiplyAdd(a_1, b_2, sum_1_2);
            sum_1_3 = coopMultiplyAdd(a_1, b_3, sum_1_3);
            let a_2 = coopLoadT<coop_mat8x8<f16, A>>(&x_tile[(subgroup_m + 2u * SIDE) * STRIDE + step], STRIDE);
            sum_2_0 = coopMultiplyAdd(a_2, b_0, sum_2_0);
            sum_2_1 = coopMultiplyAdd(a_2, b_1, sum_2_1);
            sum_2_2 = coopMultiplyAdd(a_2, b_2, sum_2_2);
            sum_2_3 = coopMultiplyAdd(a_2, b_3, sum_2_3);
            let a_3 = coopLoadT<coop_mat8x8<f16, A>>(&x_tile[(subgroup_m + 3u * SIDE) * STRIDE + step], STRIDE);
            sum_3_0 = coopMultiplyAdd(a_3, b_0, sum_3_0);
            sum_3_1 = coopMultiplyAdd(a_3, b_1, sum_3_1);
            sum_3_2 = coopMultiplyAdd(a_3, b_2, sum_3_2);
            sum_3_3 = coopMultiplyAdd(a_3, b_3, sum_3_3);
        }
    }

    // Cooperative stores need rows that start at multiples of 16 bytes.
    let stride = params.output_stride;
    let aligned = (params.output_offset | stride) % 4u == 0u;
    if (aligned && tile_m + TILE_M <= params.M && tile_n + TILE_N <= params.N) {
        let y = params.output_offset + (tile_m + subgroup_m) * stride + tile_n + subgroup_n;
        let sums_0_0 = sum_0_0;
        let y_0_0 = &output[y];
        coopStoreT(sums_0_0, y_0_0, stride);
        let sums_0_1 = sum_0_1;
        let y_0_1 = &output[y + 1u * SIDE];
        coopStoreT(sums_0_1, y_0_1, stride);
        let sums_0_2 = sum_0_2;
        let y_0_2 = &output[y + 2u * SIDE];
        coopStoreT(sums_0_2, y_0_2, stride);
        let sums_0_3 = sum_0_3;
        let y_0_3 = &output[y + 3u * SIDE];
        coopStoreT(sums_0_3, y_0_3, stride);
        let sums_1_0 = sum_1_0;
        let y_1_0 = &output[y + 1u * SIDE * stride];
        coopStoreT(sums_1_0, y_1_0, stride);
        let sums_1_1 = sum_1_1;
        let y_1_1 = &output[y + 1u * SIDE * stride + 1u * SIDE];
        coopStoreT(sums_1_1, y_1_1, stride);
        let sums_1_2 = sum_1_2;
        let y_1_2 = &output[y + 1u * SIDE * stride + 2u * SIDE];
        coopStoreT(sums_1_2, y_1_2, stride);
        let sums_1_3 = sum_1_3;
        let y_1_3 = &output[y + 1u * SIDE * stride + 3u * SIDE];
        coopStoreT(sums_1_3, y_1_3, stride);
        let sums_2_0 = sum_2_0;
        let y_2_0 = &output[y + 2u * SIDE * stride];
        coopStoreT(sums_2_0, y_2_0, stride);
        let sums_2_1 = sum_2_1;
        let y_2_1 = &output[y + 2u * SIDE * stride + 1u * SIDE];
        coopStoreT(sums_2_1, y_2_1, stride);
        let sums_2_2 = sum_2_2;
        let y_2_2 = &output[y + 2u * SIDE * stride + 2u * SIDE];
        coopStoreT(sums_2_2, y_2_2, stride);
        let sums_2_3 = sum_2_3;
        let y_2_3 = &output[y + 2u * SIDE * stride + 3u * SIDE];
        coopStoreT(sums_2_3, y_2_3, stride);
        let sums_3_0 = sum_3_0;
        let y_3_0 = &output[y + 3u * SIDE * stride];
        coopStoreT(sums_3_0, y_3_0, stride);
        let sums_3_1 = sum_3_1;
        let y_3_1 = &output[y + 3u * SIDE * stride + 1u * SIDE];
        coopStoreT(sums_3_1, y_3_1, stride);
        let sums_3_2 = sum_3_2;
        let y_3_2 = &output[y + 3u * SIDE * stride + 2u * SIDE];
        coopStoreT(sums_3_2, y_3_2, stride);
        let sums_3_3 = sum_3_3;
        let y_3_3 = &output[y + 3u * SIDE * stride + 3u * SIDE];
        coopStoreT(sums_3_3, y_3_3, stride);
    } else {
        let first = subgroup * (SIDE * SIDE);
        let outputs = &output_tile[first];
        let sums_0_0 = sum_0_0;
        coopStoreT(sums_0_0, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m, tile_n + subgroup_n);
        workgroupBarrier();
        let sums_0_1 = sum_0_1;
        coopStoreT(sums_0_1, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m, tile_n + subgroup_n + 1u * SIDE);
        workgroupBarrier();
        let sums_0_2 = sum_0_2;
        coopStoreT(sums_0_2, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m, tile_n + subgroup_n + 2u * SIDE);
        workgroupBarrier();
        let sums_0_3 = sum_0_3;
        coopStoreT(sums_0_3, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m, tile_n + subgroup_n + 3u * SIDE);
        workgroupBarrier();
        let sums_1_0 = sum_1_0;
        coopStoreT(sums_1_0, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 1u * SIDE, tile_n + subgroup_n);
        workgroupBarrier();
        let sums_1_1 = sum_1_1;
        coopStoreT(sums_1_1, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 1u * SIDE, tile_n + subgroup_n + 1u * SIDE);
        workgroupBarrier();
        let sums_1_2 = sum_1_2;
        coopStoreT(sums_1_2, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 1u * SIDE, tile_n + subgroup_n + 2u * SIDE);
        workgroupBarrier();
        let sums_1_3 = sum_1_3;
        coopStoreT(sums_1_3, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 1u * SIDE, tile_n + subgroup_n + 3u * SIDE);
        workgroupBarrier();
        let sums_2_0 = sum_2_0;
        coopStoreT(sums_2_0, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 2u * SIDE, tile_n + subgroup_n);
        workgroupBarrier();
        let sums_2_1 = sum_2_1;
        coopStoreT(sums_2_1, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 2u * SIDE, tile_n + subgroup_n + 1u * SIDE);
        workgroupBarrier();
        let sums_2_2 = sum_2_2;
        coopStoreT(sums_2_2, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 2u * SIDE, tile_n + subgroup_n + 2u * SIDE);
        workgroupBarrier();
        let sums_2_3 = sum_2_3;
        coopStoreT(sums_2_3, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 2u * SIDE, tile_n + subgroup_n + 3u * SIDE);
        workgroupBarrier();
        let sums_3_0 = sum_3_0;
        coopStoreT(sums_3_0, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 3u * SIDE, tile_n + subgroup_n);
        workgroupBarrier();
        let sums_3_1 = sum_3_1;
        coopStoreT(sums_3_1, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 3u * SIDE, tile_n + subgroup_n + 1u * SIDE);
        workgroupBarrier();
        let sums_3_2 = sum_3_2;
        coopStoreT(sums_3_2, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 3u * SIDE, tile_n + subgroup_n + 2u * SIDE);
        workgroupBarrier();
        let sums_3_3 = sum_3_3;
        coopStoreT(sums_3_3, outputs, SIDE);
        workgroupBarrier();
        store_edge(first, lane, tile_m + subgroup_m + 3u * SIDE, tile_n + subgroup_n + 3u * SIDE);
    }
}
