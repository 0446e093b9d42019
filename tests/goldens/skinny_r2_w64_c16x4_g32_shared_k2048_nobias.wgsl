// skinny_r2_w64_c16x4_g32_shared_k2048_nobias
//
// Skinny kernel on q4gsw weights, for a few rows:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   geometry    64 lanes share 16 output columns, 4 of them x 16 over K; 4 columns x 8 weights of a lane at a time
//   reduction   workgroup memory
//   group size  32
//   scales      f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M <= 2, K == 2048, group_size == 32
//   needs       no optional feature
//   dispatch    x = min(ceil(N / 16), limit), striding over blocks of 16 columns

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
@group(0) @binding(5) var<uniform> params: Params;

const WEIGHTS_PER_WORD: u32 = 8u;
const K: u32 = 2048u;
const GROUP_SIZE: u32 = 32u;

// The most rows of input.
const ROWS: u32 = 2u;
// Lanes and output columns per workgroup.
const WIDTH: u32 = 64u;
const COLUMNS: u32 = 16u;
// Output columns of a lane.
const LANE_COLUMNS: u32 = 4u;
// Lanes beside each other over the columns. In front of them stand the 4 lanes of a quad, which share columns and read
// neighbouring weights of them, so the lanes over K are all quads behind each other.
const QUAD: u32 = 4u;
const LANES_N: u32 = COLUMNS / LANE_COLUMNS;
const LANES_K: u32 = WIDTH / LANES_N;
// Words of a row that a lane loads at once.
const WORDS: u32 = 1u;

const_assert COLUMNS % LANE_COLUMNS == 0u && WIDTH % (QUAD * LANES_N) == 0u;
// No load straddles two rows.
const_assert K % (WORDS * WEIGHTS_PER_WORD) == 0u;
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % (WORDS * WEIGHTS_PER_WORD) == 0u;

// Partial sums of an output that meet in workgroup memory, and for how many rows at once.
const PARTIALS: u32 = 16u;
const ROWS_AT_ONCE: u32 = 2u;
// Vectors between the partial sums of neighbouring rows: chosen so that no two lanes meet in one bank.
const PARTIAL_STRIDE: u32 = 6u;
var<workgroup> partial: array<vec4<f32>, PARTIALS * ROWS_AT_ONCE * PARTIAL_STRIDE>;

// Weights 0 to 3 of a word of four columns, one vector of columns for each k. Nibble i, which holds q + 8, makes 2^23 + 16^i (q + 8) where it
// stands in the mantissa; the difference and its product with scale / 16^i are exact but for the one rounding of q * scale.
fn dequantize(words: vec4<u32>, scales: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        (bitcast<vec4<f32>>((words & vec4<u32>(15u)) | vec4<u32>(1258291200u)) - 8388616.0) * scales[0],
        (bitcast<vec4<f32>>((words & vec4<u32>(240u)) | vec4<u32>(1258291200u)) - 8388736.0) * scales[1],
        (bitcast<vec4<f32>>((words & vec4<u32>(3840u)) | vec4<u32>(1258291200u)) - 8390656.0) * scales[2],
        (bitcast<vec4<f32>>((words & vec4<u32>(61440u)) | vec4<u32>(1258291200u)) - 8421376.0) * scales[3],
    );
}

// The scales of four columns, divided by the weight of each of the nibbles 0 to 3.
fn scales_by_nibble(scale: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(scale, scale * (1.0 / 16.0), scale * (1.0 / 256.0), scale * (1.0 / 4096.0));
}

// Adds four inputs of a row, each times the weights of its k in four columns.
fn multiply_add(sum: vec4<f32>, x: vec4<f32>, w: mat4x4<f32>) -> vec4<f32> {
    return fma(vec4<f32>(x.w), w[3], fma(vec4<f32>(x.z), w[2], fma(vec4<f32>(x.y), w[1], fma(vec4<f32>(x.x), w[0], sum))));
}

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    return scales[at];
}

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let lane_n = (lane / QUAD) % LANES_N;
    let lane_k = lane / (QUAD * LANES_N) * QUAD + lane % QUAD;

    let loads = K / (WORDS * WEIGHTS_PER_WORD);
    // Rows past the edge repeat the last one; the store drops them.
    let x_0 = params.input_offset / 4u;
    let x_1 = (params.input_offset + min(1u, params.M - 1u) * K) / 4u;

    // Every workgroup strides over the columns, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
        var sum_0_0 = vec4<f32>();
        var sum_1_0 = vec4<f32>();
        let first_n = n + lane_n * LANE_COLUMNS;
        // Columns past the edge repeat the last one, and scales the last of the padding; the store drops them.
        let column_0 = min(first_n, params.N - 1u);
        let row_0 = column_0 * loads;
        let column_1 = min(first_n + 1u, params.N - 1u);
        let row_1 = column_1 * loads;
        let column_2 = min(first_n + 2u, params.N - 1u);
        let row_2 = column_2 * loads;
        let column_3 = min(first_n + 3u, params.N - 1u);
        let row_3 = column_3 * loads;

        // What the next step needs is on its way while a step multiplies.
        var next_0: u32;
        var next_1: u32;
        var next_2: u32;
        var next_3: u32;
        var next_scale_0: vec4<f32>;
        var load = lane_k;
        if (load < loads) {
            next_0 = weight[row_0 + load];
            next_1 = weight[row_1 + load];
            next_2 = weight[row_2 + load];
            next_3 = weight[row_3 + load];
            let group = load / (GROUP_SIZE / (WORDS * WEIGHTS_PER_WORD));
            next_scale_0 = vec4<f32>(load_scale(column_0, group), load_scale(column_1, group), load_scale(column_2, group), load_scale(column_3, group));
        }
        while (load < loads) {
            let q_0 = next_0;
            let q_1 = next_1;
            let q_2 = next_2;
            let q_3 = next_3;
            let scales_0 = scales_by_nibble(next_scale_0);
            let k = 2u * WORDS * load;
            load += LANES_K;
            if (load < loads) {
                next_0 = weight[row_0 + load];
                next_1 = weight[row_1 + load];
                next_2 = weight[row_2 + load];
                next_3 = weight[row_3 + load];
                let group = load / (GROUP_SIZE / (WORDS * WEIGHTS_PER_WORD));
                next_scale_0 = vec4<f32>(load_scale(column_0, group), load_scale(column_1, group), load_scale(column_2, group), load_scale(column_3, group));
            }
            let words_0_0 = vec4<u32>(q_0, q_1, q_2, q_3);
            // Weights 0 to 3 of the load.
            {
                let w_0 = dequantize(words_0_0, scales_0);
                let x_0_k = input[x_0 + k];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                let x_1_k = input[x_1 + k];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
            }
            // Weights 4 to 7 of the load.
            {
                let w_0 = dequantize(words_0_0 >> vec4<u32>(16u), scales_0);
                let x_0_k = input[x_0 + k + 1u];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                let x_1_k = input[x_1 + k + 1u];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
            }
        }

        // What was there before has been read.
        workgroupBarrier();
        partial[(lane_k) * PARTIAL_STRIDE + lane_n] = sum_0_0;
        partial[(1u * PARTIALS + lane_k) * PARTIAL_STRIDE + lane_n] = sum_1_0;
        workgroupBarrier();
        for (var item = lane; item < ROWS_AT_ONCE * COLUMNS; item += WIDTH) {
            let item_row = item / COLUMNS;
            let vector = item % COLUMNS / 4u;
            var total = 0.0;
            for (var other = 0u; other < PARTIALS; other++) {
                total += partial[(item_row * PARTIALS + other) * PARTIAL_STRIDE + vector][item % 4u];
            }
            let m = item_row;
            let column = n + item % COLUMNS;
            if (m < params.M && column < params.N) {
                output[params.output_offset + m * params.output_stride + column] = total;
            }
        }
    }
}
