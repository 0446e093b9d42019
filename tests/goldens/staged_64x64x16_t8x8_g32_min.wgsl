// staged_64x64x16_t8x8_g32_min
//
// Staged GEMM on 4-bit weights with minimums, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) * scales[k / group_size, n] + offsets[k / group_size, n])
//
//   tile        64 x 64 outputs, K in steps of 16 in workgroup memory, the next one in registers
//   threads     64, 8 x 8 outputs each
//   group size  32
//   scales      f32 [N, groups]
//   offsets     minimums, f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      K % 8 == 0, group_size == 32
//   needs       no optional feature
//   dispatch    x * y >= ceil(M / 64) * ceil(N / 64), y folds what exceeds the limit of x

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
@group(0) @binding(6) var<storage, read> offsets: array<f32>;

const WEIGHTS_PER_WORD: u32 = 8u;
const GROUP_SIZE: u32 = 32u;

// Outputs of a workgroup.
const TILE_M: u32 = 64u;
const TILE_N: u32 = 64u;
// Elements of K that are staged at once.
const TILE_K: u32 = 16u;
// Outputs of a thread.
const ROWS: u32 = 8u;
const COLUMNS: u32 = 8u;
// Threads along M and N, and in all. A thread's rows and columns lie so far apart, so that those of neighbours lie side by side.
const THREADS_M: u32 = TILE_M / ROWS;
const THREADS_N: u32 = TILE_N / COLUMNS;
const THREADS: u32 = THREADS_M * THREADS_N;
// Neighbouring threads along N.
const STRIP: u32 = 8u;

// Words of a row of weights and vectors of a row of inputs in one step.
const STEP_WORDS: u32 = TILE_K / WEIGHTS_PER_WORD;
const STEP_VECTORS: u32 = TILE_K / 4u;
// Vectors from one staged row to the next: odd, so that the same k of neighbouring rows lies in other banks.
const STRIDE: u32 = STEP_VECTORS + 1u;

// The threads' tiles cover the workgroup's tile, in strips.
const_assert TILE_M % ROWS == 0u && TILE_N % COLUMNS == 0u;
const_assert THREADS_N % STRIP == 0u;
// All threads load the same number of words and vectors.
const_assert TILE_M * STEP_VECTORS == 4u * THREADS;
const_assert TILE_N * STEP_WORDS == 2u * THREADS;
const_assert STRIDE % 2u == 1u;
// No group boundary splits a word, so a word has one scale.
const_assert GROUP_SIZE % WEIGHTS_PER_WORD == 0u;

// One step of the workgroup's rows of inputs and columns of weights; a vector holds four consecutive k.
var<workgroup> x_tile: array<vec4<f32>, TILE_M * STRIDE>;
var<workgroup> w_tile: array<vec4<f32>, TILE_N * STRIDE>;

// With these bits above a nibble, which is q + 8, a float is 2^23 + q + 8, exactly: conversions are slow, setting bits is not.
const MANTISSA_BITS: u32 = 0x4B000000u;
const MANTISSA_ZERO: f32 = 8388608.0 + 8.0; // q == 0

// Weights 0 to 3 of a word, before scaling: the lowest nibble is the first k.
fn dequantize_low(word: u32) -> vec4<f32> {
    let nibbles = (vec4<u32>(word) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u);
    return bitcast<vec4<f32>>(nibbles | vec4<u32>(MANTISSA_BITS)) - MANTISSA_ZERO;
}

// Weights 4 to 7 of a word.
fn dequantize_high(word: u32) -> vec4<f32> {
    return dequantize_low(word >> 16u);
}

fn epilogue(sum: f32, n: u32) -> f32 {
    // Without a bias the binding is a dummy that must not be read.
    if (params.has_bias != 0u) {
        return sum + bias[n];
    }
    return sum;
}

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((params.K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    return scales[at];
}

// The minimum of a group of column n.
fn load_offset(n: u32, group: u32) -> f32 {
    let at = n * ((params.K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    return offsets[at];
}

// What is added to scale * (q - 8) to make scale * q + minimum.
fn offset_beside(scale: f32, stored: f32) -> f32 {
    return fma(f32(8.0), scale, stored);
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

fn offset_of(n: u32, k: u32, exists: bool) -> f32 {
    if (exists) {
        return load_offset(n, k / GROUP_SIZE);
    }
    return 0.0;
}

// Adds four inputs of a row, each times the weights of its k in four columns.
fn multiply_add(sum: vec4<f32>, x: vec4<f32>, w: mat4x4<f32>) -> vec4<f32> {
    return fma(vec4<f32>(x.w), w[3], fma(vec4<f32>(x.z), w[2], fma(vec4<f32>(x.y), w[1], fma(vec4<f32>(x.x), w[0], sum))));
}

// Stores the output of a row that may not exist and a column that does.
fn store(m: u32, n: u32, sum: f32) {
    if (m < params.M) {
        output[params.output_offset + m * params.output_stride + n] = epilogue(sum, n);
    }
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    // Tiles are numbered row by row; the y of the grid folds what exceeds the limit of x.
    let tile = workgroup.y * workgroups.x + workgroup.x;
    let tiles_n = (params.N + TILE_N - 1u) / TILE_N;
    let tile_m = (tile / tiles_n) * TILE_M;
    let tile_n = (tile % tiles_n) * TILE_N;
    if (tile_m >= params.M) {
        return;
    }
    let thread_m = (thread / STRIP) % THREADS_M;
    let thread_n = (thread / (STRIP * THREADS_M)) * STRIP + thread % STRIP;
    let x_place = thread_m * STRIDE;
    let w_place = thread_n * STRIDE;

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
    var next_offset_0 = offset_of(n_0, w_k_0, w_k_0 < params.K);
    let w_row_1 = w_row_0 + 1u * (THREADS / STEP_WORDS);
    let w_k_1 = w_k_0;
    let n_1 = min(tile_n + w_row_1, params.N - 1u);
    let w_1 = n_1 * (params.K / WEIGHTS_PER_WORD) + w_k_1 / WEIGHTS_PER_WORD;
    var next_w_1 = load_word(w_1, w_k_1 < params.K);
    var next_scale_1 = scale_of(n_1, w_k_1, w_k_1 < params.K);
    var next_offset_1 = offset_of(n_1, w_k_1, w_k_1 < params.K);

    var sum_0_0 = vec4<f32>();
    var sum_0_1 = vec4<f32>();
    var sum_1_0 = vec4<f32>();
    var sum_1_1 = vec4<f32>();
    var sum_2_0 = vec4<f32>();
    var sum_2_1 = vec4<f32>();
    var sum_3_0 = vec4<f32>();
    var sum_3_1 = vec4<f32>();
    var sum_4_0 = vec4<f32>();
    var sum_4_1 = vec4<f32>();
    var sum_5_0 = vec4<f32>();
    var sum_5_1 = vec4<f32>();
    var sum_6_0 = vec4<f32>();
    var sum_6_1 = vec4<f32>();
    var sum_7_0 = vec4<f32>();
    var sum_7_1 = vec4<f32>();
    for (var k = 0u; k < params.K; k += TILE_K) {
        // Everybody has multiplied what lay there before.
        workgroupBarrier();
        x_tile[x_row_0 * STRIDE + x_k_0 / 4u] = next_x_0;
        x_tile[x_row_1 * STRIDE + x_k_1 / 4u] = next_x_1;
        x_tile[x_row_2 * STRIDE + x_k_2 / 4u] = next_x_2;
        x_tile[x_row_3 * STRIDE + x_k_3 / 4u] = next_x_3;
        let place_0 = w_row_0 * STRIDE + w_k_0 / 4u;
        let scale_0 = vec4<f32>(next_scale_0);
        let offset_0 = vec4<f32>(offset_beside(next_scale_0, next_offset_0));
        w_tile[place_0] = fma(scale_0, dequantize_low(next_w_0), offset_0);
        w_tile[place_0 + 1u] = fma(scale_0, dequantize_high(next_w_0), offset_0);
        let place_1 = w_row_1 * STRIDE + w_k_1 / 4u;
        let scale_1 = vec4<f32>(next_scale_1);
        let offset_1 = vec4<f32>(offset_beside(next_scale_1, next_offset_1));
        w_tile[place_1] = fma(scale_1, dequantize_low(next_w_1), offset_1);
        w_tile[place_1 + 1u] = fma(scale_1, dequantize_high(next_w_1), offset_1);
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
            next_offset_0 = load_offset(n_0, (next_k + w_k_0) / GROUP_SIZE);
            next_w_1 = weight[w_1 + next_k / WEIGHTS_PER_WORD];
            next_scale_1 = load_scale(n_1, (next_k + w_k_1) / GROUP_SIZE);
            next_offset_1 = load_offset(n_1, (next_k + w_k_1) / GROUP_SIZE);
        } else {
            next_x_0 = load_input(x_0 + next_k / 4u, next_k + x_k_0 < params.K);
            next_x_1 = load_input(x_1 + next_k / 4u, next_k + x_k_1 < params.K);
            next_x_2 = load_input(x_2 + next_k / 4u, next_k + x_k_2 < params.K);
            next_x_3 = load_input(x_3 + next_k / 4u, next_k + x_k_3 < params.K);
            next_w_0 = load_word(w_0 + next_k / WEIGHTS_PER_WORD, next_k + w_k_0 < params.K);
            next_scale_0 = scale_of(n_0, next_k + w_k_0, next_k + w_k_0 < params.K);
            next_offset_0 = offset_of(n_0, next_k + w_k_0, next_k + w_k_0 < params.K);
            next_w_1 = load_word(w_1 + next_k / WEIGHTS_PER_WORD, next_k + w_k_1 < params.K);
            next_scale_1 = scale_of(n_1, next_k + w_k_1, next_k + w_k_1 < params.K);
            next_offset_1 = offset_of(n_1, next_k + w_k_1, next_k + w_k_1 < params.K);
        }
        {
            let columns_0 = mat4x4<f32>(
                w_tile[w_place],
                w_tile[w_place + 1u * (THREADS_N * STRIDE)],
                w_tile[w_place + 2u * (THREADS_N * STRIDE)],
                w_tile[w_place + 3u * (THREADS_N * STRIDE)],
            );
            // By k, so that four sums advance at once.
            let w_0 = transpose(columns_0);
            let columns_1 = mat4x4<f32>(
                w_tile[w_place + 4u * (THREADS_N * STRIDE)],
                w_tile[w_place + 5u * (THREADS_N * STRIDE)],
                w_tile[w_place + 6u * (THREADS_N * STRIDE)],
                w_tile[w_place + 7u * (THREADS_N * STRIDE)],
            );
            // By k, so that four sums advance at once.
            let w_1 = transpose(columns_1);
            let row_0 = x_tile[x_place];
            sum_0_0 = multiply_add(sum_0_0, row_0, w_0);
            sum_0_1 = multiply_add(sum_0_1, row_0, w_1);
            let row_1 = x_tile[x_place + 1u * (THREADS_M * STRIDE)];
            sum_1_0 = multiply_add(sum_1_0, row_1, w_0);
            sum_1_1 = multiply_add(sum_1_1, row_1, w_1);
            let row_2 = x_tile[x_place + 2u * (THREADS_M * STRIDE)];
            sum_2_0 = multiply_add(sum_2_0, row_2, w_0);
            sum_2_1 = multiply_add(sum_2_1, row_2, w_1);
            let row_3 = x_tile[x_place + 3u * (THREADS_M * STRIDE)];
            sum_3_0 = multiply_add(sum_3_0, row_3, w_0);
            sum_3_1 = multiply_add(sum_3_1, row_3, w_1);
            let row_4 = x_tile[x_place + 4u * (THREADS_M * STRIDE)];
            sum_4_0 = multiply_add(sum_4_0, row_4, w_0);
            sum_4_1 = multiply_add(sum_4_1, row_4, w_1);
            let row_5 = x_tile[x_place + 5u * (THREADS_M * STRIDE)];
            sum_5_0 = multiply_add(sum_5_0, row_5, w_0);
            sum_5_1 = multiply_add(sum_5_1, row_5, w_1);
            let row_6 = x_tile[x_place + 6u * (THREADS_M * STRIDE)];
            sum_6_0 = multiply_add(sum_6_0, row_6, w_0);
            sum_6_1 = multiply_add(sum_6_1, row_6, w_1);
            let row_7 = x_tile[x_place + 7u * (THREADS_M * STRIDE)];
            sum_7_0 = multiply_add(sum_7_0, row_7, w_0);
            sum_7_1 = multiply_add(sum_7_1, row_7, w_1);
        }
        {
            let columns_0 = mat4x4<f32>(
                w_tile[w_place + 1u],
                w_tile[w_place + 1u + 1u * (THREADS_N * STRIDE)],
                w_tile[w_place + 1u + 2u * (THREADS_N * STRIDE)],
                w_tile[w_place + 1u + 3u * (THREADS_N * STRIDE)],
            );
            // By k, so that four sums advance at once.
            let w_0 = transpose(columns_0);
            let columns_1 = mat4x4<f32>(
                w_tile[w_place + 1u + 4u * (THREADS_N * STRIDE)],
                w_tile[w_place + 1u + 5u * (THREADS_N * STRIDE)],
                w_tile[w_place + 1u + 6u * (THREADS_N * STRIDE)],
                w_tile[w_place + 1u + 7u * (THREADS_N * STRIDE)],
            );
            // By k, so that four sums advance at once.
            let w_1 = transpose(columns_1);
            let row_0 = x_tile[x_place + 1u];
            sum_0_0 = multiply_add(sum_0_0, row_0, w_0);
            sum_0_1 = multiply_add(sum_0_1, row_0, w_1);
            let row_1 = x_tile[x_place + 1u + 1u * (THREADS_M * STRIDE)];
            sum_1_0 = multiply_add(sum_1_0, row_1, w_0);
            sum_1_1 = multiply_add(sum_1_1, row_1, w_1);
            let row_2 = x_tile[x_place + 1u + 2u * (THREADS_M * STRIDE)];
            sum_2_0 = multiply_add(sum_2_0, row_2, w_0);
            sum_2_1 = multiply_add(sum_2_1, row_2, w_1);
            let row_3 = x_tile[x_place + 1u + 3u * (THREADS_M * STRIDE)];
            sum_3_0 = multiply_add(sum_3_0, row_3, w_0);
            sum_3_1 = multiply_add(sum_3_1, row_3, w_1);
            let row_4 = x_tile[x_place + 1u + 4u * (THREADS_M * STRIDE)];
            sum_4_0 = multiply_add(sum_4_0, row_4, w_0);
            sum_4_1 = multiply_add(sum_4_1, row_4, w_1);
            let row_5 = x_tile[x_place + 1u + 5u * (THREADS_M * STRIDE)];
            sum_5_0 = multiply_add(sum_5_0, row_5, w_0);
            sum_5_1 = multiply_add(sum_5_1, row_5, w_1);
            let row_6 = x_tile[x_place + 1u + 6u * (THREADS_M * STRIDE)];
            sum_6_0 = multiply_add(sum_6_0, row_6, w_0);
            sum_6_1 = multiply_add(sum_6_1, row_6, w_1);
            let row_7 = x_tile[x_place + 1u + 7u * (THREADS_M * STRIDE)];
            sum_7_0 = multiply_add(sum_7_0, row_7, w_0);
            sum_7_1 = multiply_add(sum_7_1, row_7, w_1);
        }
        {
            let columns_0 = mat4x4<f32>(
                w_tile[w_place + 2u],
                w_tile[w_place + 2u + 1u * (THREADS_N * STRIDE)],
                w_tile[w_place + 2u + 2u * (THREADS_N * STRIDE)],
                w_tile[w_place + 2u + 3u * (THREADS_N * STRIDE)],
            );
            // By k, so that four sums advance at once.
            let w_0 = transpose(columns_0);
            let columns_1 = mat4x4<f32>(
                w_tile[w_place + 2u + 4u * (THREADS_N * STRIDE)],
                w_tile[w_place + 2u + 5u * (THREADS_N * STRIDE)],
                w_tile[w_place + 2u + 6u * (THREADS_N * STRIDE)],
                w_tile[w_place + 2u + 7u * (THREADS_N * STRIDE)],
            );
            // By k, so that four sums advance at once.
            let w_1 = transpose(columns_1);
            let row_0 = x_tile[x_place + 2u];
            sum_0_0 = multiply_add(sum_0_0, row_0, w_0);
            sum_0_1 = multiply_add(sum_0_1, row_0, w_1);
            let row_1 = x_tile[x_place + 2u + 1u * (THREADS_M * STRIDE)];
            sum_1_0 = multiply_add(sum_1_0, row_1, w_0);
            sum_1_1 = multiply_add(sum_1_1, row_1, w_1);
            let row_2 = x_tile[x_place + 2u + 2u * (THREADS_M * STRIDE)];
            sum_2_0 = multiply_add(sum_2_0, row_2, w_0);
            sum_2_1 = multiply_add(sum_2_1, row_2, w_1);
            let row_3 = x_tile[x_place + 2u + 3u * (THREADS_M * STRIDE)];
            sum_3_0 = multiply_add(sum_3_0, row_3, w_0);
            sum_3_1 = multiply_add(sum_3_1, row_3, w_1);
            let row_4 = x_tile[x_place + 2u + 4u * (THREADS_M * STRIDE)];
            sum_4_0 = multiply_add(sum_4_0, row_4, w_0);
            sum_4_1 = multiply_add(sum_4_1, row_4, w_1);
            let row_5 = x_tile[x_place + 2u + 5u * (THREADS_M * STRIDE)];
            sum_5_0 = multiply_add(sum_5_0, row_5, w_0);
            sum_5_1 = multiply_add(sum_5_1, row_5, w_1);
            let row_6 = x_tile[x_place + 2u + 6u * (THREADS_M * STRIDE)];
            sum_6_0 = multiply_add(sum_6_0, row_6, w_0);
            sum_6_1 = multiply_add(sum_6_1, row_6, w_1);
            let row_7 = x_tile[x_place + 2u + 7u * (THREADS_M * STRIDE)];
            sum_7_0 = multiply_add(sum_7_0, row_7, w_0);
            sum_7_1 = multiply_add(sum_7_1, row_7, w_1);
        }
        {
            let columns_0 = mat4x4<f32>(
                w_tile[w_place + 3u],
                w_tile[w_place + 3u + 1u * (THREADS_N * STRIDE)],
                w_tile[w_place + 3u + 2u * (THREADS_N * STRIDE)],
                w_tile[w_place + 3u + 3u * (THREADS_N * STRIDE)],
            );
            // By k, so that four sums advance at once.
            let w_0 = transpose(columns_0);
            let columns_1 = mat4x4<f32>(
                w_tile[w_place + 3u + 4u * (THREADS_N * STRIDE)],
                w_tile[w_place + 3u + 5u * (THREADS_N * STRIDE)],
                w_tile[w_place + 3u + 6u * (THREADS_N * STRIDE)],
                w_tile[w_place + 3u + 7u * (THREADS_N * STRIDE)],
            );
            // By k, so that four sums advance at once.
            let w_1 = transpose(columns_1);
            let row_0 = x_tile[x_place + 3u];
            sum_0_0 = multiply_add(sum_0_0, row_0, w_0);
            sum_0_1 = multiply_add(sum_0_1, row_0, w_1);
            let row_1 = x_tile[x_place + 3u + 1u * (THREADS_M * STRIDE)];
            sum_1_0 = multiply_add(sum_1_0, row_1, w_0);
            sum_1_1 = multiply_add(sum_1_1, row_1, w_1);
            let row_2 = x_tile[x_place + 3u + 2u * (THREADS_M * STRIDE)];
            sum_2_0 = multiply_add(sum_2_0, row_2, w_0);
            sum_2_1 = multiply_add(sum_2_1, row_2, w_1);
            let row_3 = x_tile[x_place + 3u + 3u * (THREADS_M * STRIDE)];
            sum_3_0 = multiply_add(sum_3_0, row_3, w_0);
            sum_3_1 = multiply_add(sum_3_1, row_3, w_1);
            let row_4 = x_tile[x_place + 3u + 4u * (THREADS_M * STRIDE)];
            sum_4_0 = multiply_add(sum_4_0, row_4, w_0);
            sum_4_1 = multiply_add(sum_4_1, row_4, w_1);
            let row_5 = x_tile[x_place + 3u + 5u * (THREADS_M * STRIDE)];
            sum_5_0 = multiply_add(sum_5_0, row_5, w_0);
            sum_5_1 = multiply_add(sum_5_1, row_5, w_1);
            let row_6 = x_tile[x_place + 3u + 6u * (THREADS_M * STRIDE)];
            sum_6_0 = multiply_add(sum_6_0, row_6, w_0);
            sum_6_1 = multiply_add(sum_6_1, row_6, w_1);
            let row_7 = x_tile[x_place + 3u + 7u * (THREADS_M * STRIDE)];
            sum_7_0 = multiply_add(sum_7_0, row_7, w_0);
            sum_7_1 = multiply_add(sum_7_1, row_7, w_1);
        }
    }

    let column_0 = tile_n + thread_n;
    if (column_0 < params.N) {
        store(tile_m + thread_m, column_0, sum_0_0.x);
        store(tile_m + thread_m + 1u * THREADS_M, column_0, sum_1_0.x);
        store(tile_m + thread_m + 2u * THREADS_M, column_0, sum_2_0.x);
        store(tile_m + thread_m + 3u * THREADS_M, column_0, sum_3_0.x);
        store(tile_m + thread_m + 4u * THREADS_M, column_0, sum_4_0.x);
        store(tile_m + thread_m + 5u * THREADS_M, column_0, sum_5_0.x);
        store(tile_m + thread_m + 6u * THREADS_M, column_0, sum_6_0.x);
        store(tile_m + thread_m + 7u * THREADS_M, column_0, sum_7_0.x);
    }
    let column_1 = tile_n + thread_n + 1u * THREADS_N;
    if (column_1 < params.N) {
        store(tile_m + thread_m, column_1, sum_0_0.y);
        store(tile_m + thread_m + 1u * THREADS_M, column_1, sum_1_0.y);
        store(tile_m + thread_m + 2u * THREADS_M, column_1, sum_2_0.y);
        store(tile_m + thread_m + 3u * THREADS_M, column_1, sum_3_0.y);
        store(tile_m + thread_m + 4u * THREADS_M, column_1, sum_4_0.y);
        store(tile_m + thread_m + 5u * THREADS_M, column_1, sum_5_0.y);
        store(tile_m + thread_m + 6u * THREADS_M, column_1, sum_6_0.y);
        store(tile_m + thread_m + 7u * THREADS_M, column_1, sum_7_0.y);
    }
    let column_2 = tile_n + thread_n + 2u * THREADS_N;
    if (column_2 < params.N) {
        store(tile_m + thread_m, column_2, sum_0_0.z);
        store(tile_m + thread_m + 1u * THREADS_M, column_2, sum_1_0.z);
        store(tile_m + thread_m + 2u * THREADS_M, column_2, sum_2_0.z);
        store(tile_m + thread_m + 3u * THREADS_M, column_2, sum_3_0.z);
        store(tile_m + thread_m + 4u * THREADS_M, column_2, sum_4_0.z);
        store(tile_m + thread_m + 5u * THREADS_M, column_2, sum_5_0.z);
        store(tile_m + thread_m + 6u * THREADS_M, column_2, sum_6_0.z);
        store(tile_m + thread_m + 7u * THREADS_M, column_2, sum_7_0.z);
    }
    let column_3 = tile_n + thread_n + 3u * THREADS_N;
    if (column_3 < params.N) {
        store(tile_m + thread_m, column_3, sum_0_0.w);
        store(tile_m + thread_m + 1u * THREADS_M, column_3, sum_1_0.w);
        store(tile_m + thread_m + 2u * THREADS_M, column_3, sum_2_0.w);
        store(tile_m + thread_m + 3u * THREADS_M, column_3, sum_3_0.w);
        store(tile_m + thread_m + 4u * THREADS_M, column_3, sum_4_0.w);
        store(tile_m + thread_m + 5u * THREADS_M, column_3, sum_5_0.w);
        store(tile_m + thread_m + 6u * THREADS_M, column_3, sum_6_0.w);
        store(tile_m + thread_m + 7u * THREADS_M, column_3, sum_7_0.w);
    }
    let column_4 = tile_n + thread_n + 4u * THREADS_N;
    if (column_4 < params.N) {
        store(tile_m + thread_m, column_4, sum_0_1.x);
        store(tile_m + thread_m + 1u * THREADS_M, column_4, sum_1_1.x);
        store(tile_m + thread_m + 2u * THREADS_M, column_4, sum_2_1.x);
        store(tile_m + thread_m + 3u * THREADS_M, column_4, sum_3_1.x);
        store(tile_m + thread_m + 4u * THREADS_M, column_4, sum_4_1.x);
        store(tile_m + thread_m + 5u * THREADS_M, column_4, sum_5_1.x);
        store(tile_m + thread_m + 6u * THREADS_M, column_4, sum_6_1.x);
        store(tile_m + thread_m + 7u * THREADS_M, column_4, sum_7_1.x);
    }
    let column_5 = tile_n + thread_n + 5u * THREADS_N;
    if (column_5 < params.N) {
        store(tile_m + thread_m, column_5, sum_0_1.y);
        store(tile_m + thread_m + 1u * THREADS_M, column_5, sum_1_1.y);
        store(tile_m + thread_m + 2u * THREADS_M, column_5, sum_2_1.y);
        store(tile_m + thread_m + 3u * THREADS_M, column_5, sum_3_1.y);
        store(tile_m + thread_m + 4u * THREADS_M, column_5, sum_4_1.y);
        store(tile_m + thread_m + 5u * THREADS_M, column_5, sum_5_1.y);
        store(tile_m + thread_m + 6u * THREADS_M, column_5, sum_6_1.y);
        store(tile_m + thread_m + 7u * THREADS_M, column_5, sum_7_1.y);
    }
    let column_6 = tile_n + thread_n + 6u * THREADS_N;
    if (column_6 < params.N) {
        store(tile_m + thread_m, column_6, sum_0_1.z);
        store(tile_m + thread_m + 1u * THREADS_M, column_6, sum_1_1.z);
        store(tile_m + thread_m + 2u * THREADS_M, column_6, sum_2_1.z);
        store(tile_m + thread_m + 3u * THREADS_M, column_6, sum_3_1.z);
        store(tile_m + thread_m + 4u * THREADS_M, column_6, sum_4_1.z);
        store(tile_m + thread_m + 5u * THREADS_M, column_6, sum_5_1.z);
        store(tile_m + thread_m + 6u * THREADS_M, column_6, sum_6_1.z);
        store(tile_m + thread_m + 7u * THREADS_M, column_6, sum_7_1.z);
    }
    let column_7 = tile_n + thread_n + 7u * THREADS_N;
    if (column_7 < params.N) {
        store(tile_m + thread_m, column_7, sum_0_1.w);
        store(tile_m + thread_m + 1u * THREADS_M, column_7, sum_1_1.w);
        store(tile_m + thread_m + 2u * THREADS_M, column_7, sum_2_1.w);
        store(tile_m + thread_m + 3u * THREADS_M, column_7, sum_3_1.w);
        store(tile_m + thread_m + 4u * THREADS_M, column_7, sum_4_1.w);
        store(tile_m + thread_m + 5u * THREADS_M, column_7, sum_5_1.w);
        store(tile_m + thread_m + 6u * THREADS_M, column_7, sum_6_1.w);
        store(tile_m + thread_m + 7u * THREADS_M, column_7, sum_7_1.w);
    }
}
