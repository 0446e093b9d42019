// staged_32x64x16_t4x8_t2_g32
//
// Staged GEMM on q4gsw weights, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   tile        32 x 64 outputs, K in steps of 16 in workgroup memory, the next one in registers
//   threads     128, 4 x 8 outputs each, in 2 teams that divide K and add their sums
//   group size  32
//   scales      f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      K % 8 == 0, group_size == 32
//   needs       no optional feature
//   dispatch    x * y >= ceil(M / 32) * ceil(N / 64), y folds what exceeds the limit of x

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
const TILE_M: u32 = 32u;
const TILE_N: u32 = 64u;
// Elements of K that are staged at once.
const TILE_K: u32 = 16u;
// Outputs of a thread.
const ROWS: u32 = 4u;
const COLUMNS: u32 = 8u;
// Threads along M and N, and in all. A thread's rows and columns lie so far apart, so that those of neighbours lie side by side.
const THREADS_M: u32 = TILE_M / ROWS;
const THREADS_N: u32 = TILE_N / COLUMNS;
// Those of a team, which computes the whole tile for every TEAMS-th step of K.
const TEAMS: u32 = 2u;
const TEAM: u32 = THREADS_M * THREADS_N;
const THREADS: u32 = TEAMS * TEAM;
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
const_assert TILE_M * STEP_VECTORS == 2u * TEAM;
const_assert TILE_N * STEP_WORDS == 2u * TEAM;
// A thread adds one vector of as many as there are teams, and there is room for those.
const_assert ROWS * COLUMNS == 4u * TEAMS * 4u && TEAMS * TEAM <= TILE_N * STRIDE;
const_assert STRIDE % 2u == 1u;
// No group boundary splits a word, so a word has one scale.
const_assert GROUP_SIZE % WEIGHTS_PER_WORD == 0u;

// One step of each team, of the workgroup's rows of inputs and columns of weights; a vector holds four consecutive k. After the last one, sums that teams add.
var<workgroup> x_tile: array<vec4<f32>, TEAMS * TILE_M * STRIDE>;
var<workgroup> w_tile: array<vec4<f32>, TEAMS * TILE_N * STRIDE>;

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
    @builtin(local_invocation_index) invocation: u32,
) {
    // Tiles are numbered row by row; the y of the grid folds what exceeds the limit of x.
    let tile = workgroup.y * workgroups.x + workgroup.x;
    let tiles_n = (params.N + TILE_N - 1u) / TILE_N;
    let tile_m = (tile / tiles_n) * TILE_M;
    let tile_n = (tile % tiles_n) * TILE_N;
    if (tile_m >= params.M) {
        return;
    }
    let team = invocation / TEAM;
    let thread = invocation % TEAM;
    let thread_m = (thread / STRIP) % THREADS_M;
    let thread_n = (thread / (STRIP * THREADS_M)) * STRIP + thread % STRIP;
    let x_tile_of_team = team * (TILE_M * STRIDE);
    let w_tile_of_team = team * (TILE_N * STRIDE);
    let x_place = x_tile_of_team + thread_m * STRIDE;
    let w_place = w_tile_of_team + thread_n * STRIDE;
    let first_k = team * TILE_K;

    // Neighbouring threads load neighbouring vectors of a row. Rows and columns past the edge repeat the last one; the store drops them.
    let x_row_0 = thread / STEP_VECTORS;
    let x_k_0 = 4u * (thread % STEP_VECTORS);
    let x_0 = (params.input_offset + min(tile_m + x_row_0, params.M - 1u) * params.K + x_k_0) / 4u;
    var next_x_0 = load_input(x_0 + first_k / 4u, first_k + x_k_0 < params.K);
    let x_row_1 = x_row_0 + 1u * (TEAM / STEP_VECTORS);
    let x_k_1 = x_k_0;
    let x_1 = (params.input_offset + min(tile_m + x_row_1, params.M - 1u) * params.K + x_k_1) / 4u;
    var next_x_1 = load_input(x_1 + first_k / 4u, first_k + x_k_1 < params.K);
    let w_row_0 = thread / STEP_WORDS;
    let w_k_0 = WEIGHTS_PER_WORD * (thread % STEP_WORDS);
    let n_0 = min(tile_n + w_row_0, params.N - 1u);
    let w_0 = n_0 * (params.K / WEIGHTS_PER_WORD) + w_k_0 / WEIGHTS_PER_WORD;
    var next_w_0 = load_word(w_0 + first_k / WEIGHTS_PER_WORD, first_k + w_k_0 < params.K);
    var next_scale_0 = scale_of(n_0, first_k + w_k_0, first_k + w_k_0 < params.K);
    let w_row_1 = w_row_0 + 1u * (TEAM / STEP_WORDS);
    let w_k_1 = w_k_0;
    let n_1 = min(tile_n + w_row_1, params.N - 1u);
    let w_1 = n_1 * (params.K / WEIGHTS_PER_WORD) + w_k_1 / WEIGHTS_PER_WORD;
    var next_w_1 = load_word(w_1 + first_k / WEIGHTS_PER_WORD, first_k + w_k_1 < params.K);
    var next_scale_1 = scale_of(n_1, first_k + w_k_1, first_k + w_k_1 < params.K);

    var sum_0_0 = vec4<f32>();
    var sum_0_1 = vec4<f32>();
    var sum_1_0 = vec4<f32>();
    var sum_1_1 = vec4<f32>();
    var sum_2_0 = vec4<f32>();
    var sum_2_1 = vec4<f32>();
    var sum_3_0 = vec4<f32>();
    var sum_3_1 = vec4<f32>();
    for (var walked = 0u; walked < params.K; walked += TEAMS * TILE_K) {
        let k = walked + first_k;
        // Everybody has multiplied what lay there before.
        workgroupBarrier();
        x_tile[x_tile_of_team + x_row_0 * STRIDE + x_k_0 / 4u] = next_x_0;
        x_tile[x_tile_of_team + x_row_1 * STRIDE + x_k_1 / 4u] = next_x_1;
        let place_0 = w_tile_of_team + w_row_0 * STRIDE + w_k_0 / 4u;
        w_tile[place_0] = next_scale_0 * dequantize_low(next_w_0);
        w_tile[place_0 + 1u] = next_scale_0 * dequantize_high(next_w_0);
        let place_1 = w_tile_of_team + w_row_1 * STRIDE + w_k_1 / 4u;
        w_tile[place_1] = next_scale_1 * dequantize_low(next_w_1);
        w_tile[place_1 + 1u] = next_scale_1 * dequantize_high(next_w_1);
        workgroupBarrier();
        // The next step is on its way while this one is multiplied.
        let next_k = k + TEAMS * TILE_K;
        if (next_k + TILE_K <= params.K) {
            next_x_0 = input[x_0 + next_k / 4u];
            next_x_1 = input[x_1 + next_k / 4u];
            next_w_0 = weight[w_0 + next_k / WEIGHTS_PER_WORD];
            next_scale_0 = load_scale(n_0, (next_k + w_k_0) / GROUP_SIZE);
            next_w_1 = weight[w_1 + next_k / WEIGHTS_PER_WORD];
            next_scale_1 = load_scale(n_1, (next_k + w_k_1) / GROUP_SIZE);
        } else {
            next_x_0 = load_input(x_0 + next_k / 4u, next_k + x_k_0 < params.K);
            next_x_1 = load_input(x_1 + next_k / 4u, next_k + x_k_1 < params.K);
            next_w_0 = load_word(w_0 + next_k / WEIGHTS_PER_WORD, next_k + w_k_0 < params.K);
            next_scale_0 = scale_of(n_0, next_k + w_k_0, next_k + w_k_0 < params.K);
            next_w_1 = load_word(w_1 + next_k / WEIGHTS_PER_WORD, next_k + w_k_1 < params.K);
            next_scale_1 = scale_of(n_1, next_k + w_k_1, next_k + w_k_1 < params.K);
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
        }
    }

    workgroupBarrier();
    w_tile[(team * TEAMS + 0u) * TEAM + thread] = sum_0_0;
    w_tile[(team * TEAMS + 1u) * TEAM + thread] = sum_0_1;
    workgroupBarrier();
    let total_0 = w_tile[(0u * TEAMS + team) * TEAM + thread] + w_tile[(1u * TEAMS + team) * TEAM + thread];
    workgroupBarrier();
    w_tile[(team * TEAMS + 0u) * TEAM + thread] = sum_1_0;
    w_tile[(team * TEAMS + 1u) * TEAM + thread] = sum_1_1;
    workgroupBarrier();
    let total_1 = w_tile[(0u * TEAMS + team) * TEAM + thread] + w_tile[(1u * TEAMS + team) * TEAM + thread];
    workgroupBarrier();
    w_tile[(team * TEAMS + 0u) * TEAM + thread] = sum_2_0;
    w_tile[(team * TEAMS + 1u) * TEAM + thread] = sum_2_1;
    workgroupBarrier();
    let total_2 = w_tile[(0u * TEAMS + team) * TEAM + thread] + w_tile[(1u * TEAMS + team) * TEAM + thread];
    workgroupBarrier();
    w_tile[(team * TEAMS + 0u) * TEAM + thread] = sum_3_0;
    w_tile[(team * TEAMS + 1u) * TEAM + thread] = sum_3_1;
    workgroupBarrier();
    let total_3 = w_tile[(0u * TEAMS + team) * TEAM + thread] + w_tile[(1u * TEAMS + team) * TEAM + thread];
    {
        // Which row of the thread's these are, and which of its columns.
        let number = 0u * TEAMS + team;
        let m = tile_m + thread_m + number / 2u * THREADS_M;
        let n = tile_n + thread_n + number % 2u * (4u * THREADS_N);
        if (n < params.N) {
            store(m, n, total_0.x);
        }
        if (n + 1u * THREADS_N < params.N) {
            store(m, n + 1u * THREADS_N, total_0.y);
        }
        if (n + 2u * THREADS_N < params.N) {
            store(m, n + 2u * THREADS_N, total_0.z);
        }
        if (n + 3u * THREADS_N < params.N) {
            store(m, n + 3u * THREADS_N, total_0.w);
        }
    }
    {
        // Which row of the thread's these are, and which of its columns.
        let number = 1u * TEAMS + team;
        let m = tile_m + thread_m + number / 2u * THREADS_M;
        let n = tile_n + thread_n + number % 2u * (4u * THREADS_N);
        if (n < params.N) {
            store(m, n, total_1.x);
        }
        if (n + 1u * THREADS_N < params.N) {
            store(m, n + 1u * THREADS_N, total_1.y);
        }
        if (n + 2u * THREADS_N < params.N) {
            store(m, n + 2u * THREADS_N, total_1.z);
        }
        if (n + 3u * THREADS_N < params.N) {
            store(m, n + 3u * THREADS_N, total_1.w);
        }
    }
    {
        // Which row of the thread's these are, and which of its columns.
        let number = 2u * TEAMS + team;
        let m = tile_m + thread_m + number / 2u * THREADS_M;
        let n = tile_n + thread_n + number % 2u * (4u * THREADS_N);
        if (n < params.N) {
            store(m, n, total_2.x);
        }
        if (n + 1u * THREADS_N < params.N) {
            store(m, n + 1u * THREADS_N, total_2.y);
        }
        if (n + 2u * THREADS_N < params.N) {
            store(m, n + 2u * THREADS_N, total_2.z);
        }
        if (n + 3u * THREADS_N < params.N) {
            store(m, n + 3u * THREADS_N, total_2.w);
        }
    }
    {
        // Which row of the thread's these are, and which of its columns.
        let number = 3u * TEAMS + team;
        let m = tile_m + thread_m + number / 2u * THREADS_M;
        let n = tile_n + thread_n + number % 2u * (4u * THREADS_N);
        if (n < params.N) {
            store(m, n, total_3.x);
        }
        if (n + 1u * THREADS_N < params.N) {
            store(m, n + 1u * THREADS_N, total_3.y);
        }
        if (n + 2u * THREADS_N < params.N) {
            store(m, n + 2u * THREADS_N, total_3.z);
        }
        if (n + 3u * THREADS_N < params.N) {
            store(m, n + 3u * THREADS_N, total_3.w);
        }
    }
}
