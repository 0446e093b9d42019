// gemm_64x64x16_t4x4_g32_k2048_nobias
//
// Register-tiled GEMM on q4gsw weights:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   tile        64 x 64 outputs, K in steps of 16
//   threads     256, 4 x 4 outputs each
//   group size  32
//   scales      f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      K == 2048, group_size == 32
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
@group(0) @binding(2) var<storage, read> weight: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const WEIGHTS_PER_WORD: u32 = 8u;
const K: u32 = 2048u;
const GROUP_SIZE: u32 = 32u;

// Outputs of a workgroup.
const TILE_M: u32 = 64u;
const TILE_N: u32 = 64u;
// Elements of K in one step.
const TILE_K: u32 = 16u;
// Outputs of a thread.
const ROWS: u32 = 4u;
const COLUMNS: u32 = 4u;
// Threads along N, and in all.
const THREADS_N: u32 = TILE_N / COLUMNS;
const THREADS: u32 = (TILE_M / ROWS) * THREADS_N;

// The threads' tiles cover the workgroup's tile.
const_assert TILE_M % ROWS == 0u && TILE_N % COLUMNS == 0u;
const_assert TILE_K % WEIGHTS_PER_WORD == 0u;
// Steps end where a row does.
const_assert K % TILE_K == 0u;
// No group boundary splits a step, so a step has one scale.
const_assert GROUP_SIZE % TILE_K == 0u;

// Weights 0 to 3 of a word, before scaling: a nibble holds q + 8, the lowest one the first k.
fn dequantize_low(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u)) - 8.0;
}

// Weights 4 to 7 of a word.
fn dequantize_high(word: u32) -> vec4<f32> {
    return dequantize_low(word >> 16u);
}

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    return scales[at];
}

// Stores those outputs of a row that exist; n does.
fn store_row(m: u32, n: u32, sum_0: vec4<f32>) {
    if (m >= params.M) {
        return;
    }
    let y = params.output_offset + m * params.output_stride + n;
    output[y] = sum_0.x;
    if (n + 1u < params.N) {
        output[y + 1u] = sum_0.y;
    }
    if (n + 2u < params.N) {
        output[y + 2u] = sum_0.z;
    }
    if (n + 3u < params.N) {
        output[y + 3u] = sum_0.w;
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
    let m = (tile / tiles_n) * TILE_M + (thread / THREADS_N) * ROWS;
    let n = (tile % tiles_n) * TILE_N + (thread % THREADS_N) * COLUMNS;
    if (m >= params.M || n >= params.N) {
        return;
    }

    var sum_0_0 = vec4<f32>();
    var sum_1_0 = vec4<f32>();
    var sum_2_0 = vec4<f32>();
    var sum_3_0 = vec4<f32>();
    // Rows and columns past the edge repeat the last one; the store drops them.
    let x_0 = (params.input_offset + m * K) / 4u;
    let x_1 = (params.input_offset + min(m + 1u, params.M - 1u) * K) / 4u;
    let x_2 = (params.input_offset + min(m + 2u, params.M - 1u) * K) / 4u;
    let x_3 = (params.input_offset + min(m + 3u, params.M - 1u) * K) / 4u;
    let w_0 = n * (K / TILE_K);
    let w_1 = min(n + 1u, params.N - 1u) * (K / TILE_K);
    let w_2 = min(n + 2u, params.N - 1u) * (K / TILE_K);
    let w_3 = min(n + 3u, params.N - 1u) * (K / TILE_K);
    let groups = (K + GROUP_SIZE - 1u) / GROUP_SIZE;
    for (var group = 0u; group < groups; group++) {
        let scale_0 = vec4<f32>(load_scale(n, group), load_scale(min(n + 1u, params.N - 1u), group), load_scale(min(n + 2u, params.N - 1u), group), load_scale(min(n + 3u, params.N - 1u), group));
        let end = min((group + 1u) * GROUP_SIZE, K);
        for (var k = group * GROUP_SIZE; k < end; k += TILE_K) {
            let q_0 = weight[w_0 + k / TILE_K];
            let q_1 = weight[w_1 + k / TILE_K];
            let q_2 = weight[w_2 + k / TILE_K];
            let q_3 = weight[w_3 + k / TILE_K];
            // Weights k + 0 to k + 7.
            {
                let low_0 = mat4x4<f32>(dequantize_low(q_0.x), dequantize_low(q_1.x), dequantize_low(q_2.x), dequantize_low(q_3.x));
                let high_0 = mat4x4<f32>(dequantize_high(q_0.x), dequantize_high(q_1.x), dequantize_high(q_2.x), dequantize_high(q_3.x));
                let x_0_low = input[x_0 + k / 4u];
                let x_0_high = input[x_0 + k / 4u + 1u];
                sum_0_0 += scale_0 * (x_0_low * low_0 + x_0_high * high_0);
                let x_1_low = input[x_1 + k / 4u];
                let x_1_high = input[x_1 + k / 4u + 1u];
                sum_1_0 += scale_0 * (x_1_low * low_0 + x_1_high * high_0);
                let x_2_low = input[x_2 + k / 4u];
                let x_2_high = input[x_2 + k / 4u + 1u];
                sum_2_0 += scale_0 * (x_2_low * low_0 + x_2_high * high_0);
                let x_3_low = input[x_3 + k / 4u];
                let x_3_high = input[x_3 + k / 4u + 1u];
                sum_3_0 += scale_0 * (x_3_low * low_0 + x_3_high * high_0);
            }
            // Weights k + 8 to k + 15.
            {
                let low_0 = mat4x4<f32>(dequantize_low(q_0.y), dequantize_low(q_1.y), dequantize_low(q_2.y), dequantize_low(q_3.y));
                let high_0 = mat4x4<f32>(dequantize_high(q_0.y), dequantize_high(q_1.y), dequantize_high(q_2.y), dequantize_high(q_3.y));
                let x_0_low = input[x_0 + k / 4u + 2u];
                let x_0_high = input[x_0 + k / 4u + 3u];
                sum_0_0 += scale_0 * (x_0_low * low_0 + x_0_high * high_0);
                let x_1_low = input[x_1 + k / 4u + 2u];
                let x_1_high = input[x_1 + k / 4u + 3u];
                sum_1_0 += scale_0 * (x_1_low * low_0 + x_1_high * high_0);
                let x_2_low = input[x_2 + k / 4u + 2u];
                let x_2_high = input[x_2 + k / 4u + 3u];
                sum_2_0 += scale_0 * (x_2_low * low_0 + x_2_high * high_0);
                let x_3_low = input[x_3 + k / 4u + 2u];
                let x_3_high = input[x_3 + k / 4u + 3u];
                sum_3_0 += scale_0 * (x_3_low * low_0 + x_3_high * high_0);
            }
        }
    }

    store_row(m, n, sum_0_0);
    store_row(m + 1u, n, sum_1_0);
    store_row(m + 2u, n, sum_2_0);
    store_row(m + 3u, n, sum_3_0);
}
