// skinny_r2_w128_c32x8_v2_g16_subgroup_lut_se4m3
//
// Skinny kernel on 4-bit weights of a codebook, for a few rows, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * codebook[nibble(n, k)] * scales[k / group_size, n]
//
//   geometry    128 lanes share 32 output columns, 4 of them x 32 over K; 8 columns x 16 weights of a lane at a time
//   reduction   each lane of a quad finishes other rows, then workgroup memory
//   group size  16
//   scales      e4m3 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M <= 2, K % 16 == 0, group_size == 16
//   needs       SUBGROUP
//   dispatch    x = min(ceil(N / 32), limit), striding over blocks of 32 columns

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
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
@group(0) @binding(7) var<storage, read> codebook: array<f32, LEVELS>;

const WEIGHTS_PER_WORD: u32 = 8u;
// Levels of the codebook: one for each nibble.
const LEVELS: u32 = 16u;
const GROUP_SIZE: u32 = 16u;

// The most rows of input.
const ROWS: u32 = 2u;
// Lanes and output columns per workgroup.
const WIDTH: u32 = 128u;
const COLUMNS: u32 = 32u;
// Output columns of a lane.
const LANE_COLUMNS: u32 = 8u;
// Lanes beside each other over the columns. In front of them stand the 4 lanes of a quad, which share columns and read
// neighbouring weights of them, so the lanes over K are all quads behind each other.
const QUAD: u32 = 4u;
const LANES_N: u32 = COLUMNS / LANE_COLUMNS;
const LANES_K: u32 = WIDTH / LANES_N;
// Words of a row that a lane loads at once.
const WORDS: u32 = 2u;

const_assert COLUMNS % LANE_COLUMNS == 0u && WIDTH % (QUAD * LANES_N) == 0u;
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % (WORDS * WEIGHTS_PER_WORD) == 0u;

// Partial sums of an output that meet in workgroup memory, and for how many rows at once.
const PARTIALS: u32 = 8u;
const ROWS_AT_ONCE: u32 = 2u;
// Vectors between the partial sums of neighbouring rows: chosen so that no two lanes meet in one bank.
const PARTIAL_STRIDE: u32 = 10u;
var<workgroup> partial: array<vec4<f32>, PARTIALS * ROWS_AT_ONCE * PARTIAL_STRIDE>;

// The levels that nibbles stand for: as many as lanes can look up at once, whichever each of them needs, since every one has a bank of its own.
var<workgroup> levels: array<f32, LEVELS>;

// Weights 0 to 3 of a word of four columns, one vector of columns for each k.
fn dequantize(words: vec4<u32>, scale: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        scale * levels_of(words),
        scale * levels_of(words >> vec4<u32>(4u)),
        scale * levels_of(words >> vec4<u32>(8u)),
        scale * levels_of(words >> vec4<u32>(12u)),
    );
}

// The levels of the lowest nibbles.
fn levels_of(words: vec4<u32>) -> vec4<f32> {
    let nibbles = words & vec4<u32>(15u);
    return vec4<f32>(levels[nibbles.x], levels[nibbles.y], levels[nibbles.z], levels[nibbles.w]);
}

// Adds four inputs of a row, each times the weights of its k in four columns.
fn multiply_add(sum: vec4<f32>, x: vec4<f32>, w: mat4x4<f32>) -> vec4<f32> {
    return fma(vec4<f32>(x.w), w[3], fma(vec4<f32>(x.z), w[2], fma(vec4<f32>(x.y), w[1], fma(vec4<f32>(x.x), w[0], sum))));
}

// Two lanes, `mask` apart, divide two sums: the upper one finishes `high`, the other one `low`.
fn exchange(low: vec4<f32>, high: vec4<f32>, upper: bool, mask: u32) -> vec4<f32> {
    return select(low, high, upper) + subgroupShuffleXor(select(high, low, upper), mask);
}

// The value of an E4M3 byte: a sign, an exponent that is biased by 7, and three bits. Where the exponent is zero, these count 512ths: as if they stood
// behind 2^-6, less that. No step is below the normal numbers, which a device may flush to zero.
fn e4m3(byte: u32) -> f32 {
    let size = (byte & u32(0x7Fu)) << u32(20u);
    let normal = bitcast<f32>(size + u32(120u << 23u));
    let small = bitcast<f32>(size + u32(121u << 23u)) - 0.015625;
    let value = select(normal, small, size < u32(1u << 23u));
    return select(value, -value, byte >= u32(0x80u));
}

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((params.K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    // Four to a word, the first one in the lowest byte.
    return e4m3((scales[at / 4u] >> (8u * (at % 4u))) & 0xFFu);
}

fn epilogue(sum: f32, n: u32) -> f32 {
    // Without a bias the binding is a dummy that must not be read.
    if (params.has_bias != 0u) {
        return sum + bias[n];
    }
    return sum;
}

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_size) subgroup_size: u32,
    @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
    // Numbered by subgroups, so that a quad lies within one.
    let lane = subgroup * subgroup_size + subgroup_lane;
    for (var level = lane; level < LEVELS; level += WIDTH) {
        levels[level] = codebook[level];
    }
    workgroupBarrier();
    let lane_n = (lane / QUAD) % LANES_N;
    let lane_k = lane / (QUAD * LANES_N) * QUAD + lane % QUAD;

    let loads = params.K / (WORDS * WEIGHTS_PER_WORD);
    // Rows past the edge repeat the last one; the store drops them.
    let x_0 = params.input_offset / 4u;
    let x_1 = (params.input_offset + min(1u, params.M - 1u) * params.K) / 4u;

    // Every workgroup strides over the columns, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
        var sum_0_0 = vec4<f32>();
        var sum_0_1 = vec4<f32>();
        var sum_1_0 = vec4<f32>();
        var sum_1_1 = vec4<f32>();
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
        let column_4 = min(first_n + 4u, params.N - 1u);
        let row_4 = column_4 * loads;
        let column_5 = min(first_n + 5u, params.N - 1u);
        let row_5 = column_5 * loads;
        let column_6 = min(first_n + 6u, params.N - 1u);
        let row_6 = column_6 * loads;
        let column_7 = min(first_n + 7u, params.N - 1u);
        let row_7 = column_7 * loads;

        // What the next step needs is on its way while a step multiplies.
        var next_0: vec2<u32>;
        var next_1: vec2<u32>;
        var next_2: vec2<u32>;
        var next_3: vec2<u32>;
        var next_4: vec2<u32>;
        var next_5: vec2<u32>;
        var next_6: vec2<u32>;
        var next_7: vec2<u32>;
        var next_scale_0: vec4<f32>;
        var next_scale_1: vec4<f32>;
        var load = lane_k;
        if (load < loads) {
            next_0 = weight[row_0 + load];
            next_1 = weight[row_1 + load];
            next_2 = weight[row_2 + load];
            next_3 = weight[row_3 + load];
            next_4 = weight[row_4 + load];
            next_5 = weight[row_5 + load];
            next_6 = weight[row_6 + load];
            next_7 = weight[row_7 + load];
            let group = load / (GROUP_SIZE / (WORDS * WEIGHTS_PER_WORD));
            next_scale_0 = vec4<f32>(load_scale(column_0, group), load_scale(column_1, group), load_scale(column_2, group), load_scale(column_3, group));
            next_scale_1 = vec4<f32>(load_scale(column_4, group), load_scale(column_5, group), load_scale(column_6, group), load_scale(column_7, group));
        }
        while (load < loads) {
            let q_0 = next_0;
            let q_1 = next_1;
            let q_2 = next_2;
            let q_3 = next_3;
            let q_4 = next_4;
            let q_5 = next_5;
            let q_6 = next_6;
            let q_7 = next_7;
            let scales_0 = next_scale_0;
            let scales_1 = next_scale_1;
            let k = 2u * WORDS * load;
            load += LANES_K;
            if (load < loads) {
                next_0 = weight[row_0 + load];
                next_1 = weight[row_1 + load];
                next_2 = weight[row_2 + load];
                next_3 = weight[row_3 + load];
                next_4 = weight[row_4 + load];
                next_5 = weight[row_5 + load];
                next_6 = weight[row_6 + load];
                next_7 = weight[row_7 + load];
                let group = load / (GROUP_SIZE / (WORDS * WEIGHTS_PER_WORD));
                next_scale_0 = vec4<f32>(load_scale(column_0, group), load_scale(column_1, group), load_scale(column_2, group), load_scale(column_3, group));
                next_scale_1 = vec4<f32>(load_scale(column_4, group), load_scale(column_5, group), load_scale(column_6, group), load_scale(column_7, group));
            }
            let words_0_0 = vec4<u32>(q_0.x, q_1.x, q_2.x, q_3.x);
            let words_0_1 = vec4<u32>(q_4.x, q_5.x, q_6.x, q_7.x);
            // Weights 0 to 3 of the load.
            {
                let w_0 = dequantize(words_0_0, scales_0);
                let w_1 = dequantize(words_0_1, scales_1);
                let x_0_k = input[x_0 + k];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                sum_0_1 = multiply_add(sum_0_1, x_0_k, w_1);
                let x_1_k = input[x_1 + k];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
                sum_1_1 = multiply_add(sum_1_1, x_1_k, w_1);
            }
            // Weights 4 to 7 of the load.
            {
                let w_0 = dequantize(words_0_0 >> vec4<u32>(16u), scales_0);
                let w_1 = dequantize(words_0_1 >> vec4<u32>(16u), scales_1);
                let x_0_k = input[x_0 + k + 1u];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                sum_0_1 = multiply_add(sum_0_1, x_0_k, w_1);
                let x_1_k = input[x_1 + k + 1u];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
                sum_1_1 = multiply_add(sum_1_1, x_1_k, w_1);
            }
            let words_1_0 = vec4<u32>(q_0.y, q_1.y, q_2.y, q_3.y);
            let words_1_1 = vec4<u32>(q_4.y, q_5.y, q_6.y, q_7.y);
            // Weights 8 to 11 of the load.
            {
                let w_0 = dequantize(words_1_0, scales_0);
                let w_1 = dequantize(words_1_1, scales_1);
                let x_0_k = input[x_0 + k + 2u];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                sum_0_1 = multiply_add(sum_0_1, x_0_k, w_1);
                let x_1_k = input[x_1 + k + 2u];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
                sum_1_1 = multiply_add(sum_1_1, x_1_k, w_1);
            }
            // Weights 12 to 15 of the load.
            {
                let w_0 = dequantize(words_1_0 >> vec4<u32>(16u), scales_0);
                let w_1 = dequantize(words_1_1 >> vec4<u32>(16u), scales_1);
                let x_0_k = input[x_0 + k + 3u];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                sum_0_1 = multiply_add(sum_0_1, x_0_k, w_1);
                let x_1_k = input[x_1 + k + 3u];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
                sum_1_1 = multiply_add(sum_1_1, x_1_k, w_1);
            }
        }

        // Of four neighbouring rows each lane of a quad finishes one.
        let upper_1 = (lane & 1u) != 0u;
        sum_0_0 = exchange(sum_0_0, sum_1_0, upper_1, 1u);
        sum_0_1 = exchange(sum_0_1, sum_1_1, upper_1, 1u);
        sum_0_0 += subgroupShuffleXor(sum_0_0, 2u);
        sum_0_1 += subgroupShuffleXor(sum_0_1, 2u);
        let own_row = select(0u, 1u, upper_1);
        let quad = lane / (QUAD * LANES_N);
        // What was there before has been read.
        workgroupBarrier();
        if ((lane & 2u) == 0u) {
            partial[(quad * ROWS_AT_ONCE + own_row) * PARTIAL_STRIDE + lane_n] = sum_0_0;
            partial[(quad * ROWS_AT_ONCE + own_row) * PARTIAL_STRIDE + lane_n + 1u * LANES_N] = sum_0_1;
        }
        workgroupBarrier();
        for (var item = lane; item < ROWS_AT_ONCE * COLUMNS; item += WIDTH) {
            let item_row = item / COLUMNS;
            let vector = item % COLUMNS / 4u;
            var total = 0.0;
            for (var other = 0u; other < PARTIALS; other++) {
                total += partial[(other * ROWS_AT_ONCE + item_row) * PARTIAL_STRIDE + vector][item % 4u];
            }
            let m = item_row;
            // The first vectors of all lanes stand before their second ones.
            let column = n + (vector % LANES_N) * LANE_COLUMNS + vector / LANES_N * 4u + item % 4u;
            if (m < params.M && column < params.N) {
                output[params.output_offset + m * params.output_stride + column] = epilogue(total, column);
            }
        }
    }
}
