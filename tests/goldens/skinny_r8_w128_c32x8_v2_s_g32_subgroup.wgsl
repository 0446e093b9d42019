// skinny_r8_w128_c32x8_v2_s_g32_subgroup
//
// Skinny kernel on q4gsw weights, for a few rows, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   geometry    128 lanes share 32 output columns, 4 of them x 32 over K; 8 columns x 16 weights of a lane at a time
//   reduction   each lane of a quad finishes other rows, then workgroup memory
//   group size  32
//   scales      f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M <= 8, K % 16 == 0, group_size == 32
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
@group(0) @binding(3) var<storage, read> scales: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const WEIGHTS_PER_WORD: u32 = 8u;
const GROUP_SIZE: u32 = 32u;

// The most rows of input.
const ROWS: u32 = 8u;
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
const ROWS_AT_ONCE: u32 = 8u;
// Vectors between the partial sums of neighbouring rows: chosen so that no two lanes meet in one bank.
const PARTIAL_STRIDE: u32 = 10u;
// Vectors of four inputs of a row that a lane needs for a step, and those of all lanes.
const VECTORS: u32 = 4u;
const ROW_VECTORS: u32 = VECTORS * LANES_K;
// Inputs of a step, of all rows; after the last step partial sums meet there.
var<workgroup> tile: array<vec4<f32>, max(ROWS * ROW_VECTORS, PARTIALS * ROWS_AT_ONCE * PARTIAL_STRIDE)>;

// The bits of 2^23.
const MAGIC: u32 = 1258291200u;

// Weights 0 to 3 of a word of four columns, one vector of columns for each k. Nibble i, which holds q + 8, makes 2^23 + 16^i (q + 8) where it
// stands in the mantissa; the difference and its product with scale / 16^i are exact but for the one rounding of q * scale.
fn dequantize(words: vec4<u32>, scales: mat4x4<f32>, magic: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        (bitcast<vec4<f32>>((words & vec4<u32>(15u)) | vec4<u32>(magic)) - 8388616.0) * scales[0],
        (bitcast<vec4<f32>>((words & vec4<u32>(240u)) | vec4<u32>(magic)) - 8388736.0) * scales[1],
        (bitcast<vec4<f32>>((words & vec4<u32>(3840u)) | vec4<u32>(magic)) - 8390656.0) * scales[2],
        (bitcast<vec4<f32>>((words & vec4<u32>(61440u)) | vec4<u32>(magic)) - 8421376.0) * scales[3],
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

// Two lanes, `mask` apart, divide two sums: the upper one finishes `high`, the other one `low`.
fn exchange(low: vec4<f32>, high: vec4<f32>, upper: bool, mask: u32) -> vec4<f32> {
    return select(low, high, upper) + subgroupShuffleXor(select(high, low, upper), mask);
}

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((params.K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    return scales[at];
}

fn epilogue(sum: f32, n: u32) -> f32 {
    // Without a bias the binding is a dummy that must not be read.
    if (params.has_bias != 0u) {
        return sum + bias[n];
    }
    return sum;
}

// Item `item` of the tile of the step from load `first` on, row by row: a vector of the inputs that lanes need for it. Rows past the edge repeat the last one; the store drops
// them. Past the end of K it is the last vector of the row.
fn load_item(item: u32, first: u32) -> vec4<f32> {
    let row = min(item / ROW_VECTORS, params.M - 1u);
    let vector = min(first * VECTORS + item % ROW_VECTORS, params.K / 4u - 1u);
    return input[(params.input_offset + row * params.K) / 4u + vector];
}

// Where vector `vector` of a row stands, one of VECTORS of a lane. All lanes' first vectors stand side by side, then their second ones, as lanes read them; each time the
// lanes are turned, so that lanes which store neighbouring vectors of the input meet no bank twice.
fn place(row: u32, vector: u32) -> u32 {
    let of_lane = vector % VECTORS;
    return (row * VECTORS + of_lane) * LANES_K + ((vector / VECTORS) ^ (of_lane * 2u % LANES_K));
}

fn place_of(item: u32) -> u32 {
    return place(item / ROW_VECTORS, item % ROW_VECTORS);
}

// What of an item is within K: zeros past the end, so that whatever weights a lane has there add nothing.
fn within_k(value: vec4<f32>, item: u32, first: u32) -> vec4<f32> {
    return select(vec4<f32>(), value, first * VECTORS + item % ROW_VECTORS < params.K / 4u);
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
    let lane_n = (lane / QUAD) % LANES_N;
    let lane_k = lane / (QUAD * LANES_N) * QUAD + lane % QUAD;

    let loads = params.K / (WORDS * WEIGHTS_PER_WORD);
    // M is below 2^31, which compilers can't know: with a second constant they would mask and OR a nibble in two operations, with this number they do in one.
    let magic = MAGIC | (params.M >> 31u);
    // Where the lane's vectors of the first row stand; those of the others follow.
    let at_0 = place(0u, lane_k * VECTORS);
    let at_1 = place(0u, lane_k * VECTORS + 1u);
    let at_2 = place(0u, lane_k * VECTORS + 2u);
    let at_3 = place(0u, lane_k * VECTORS + 3u);

    // Every workgroup strides over the columns, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
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
        // Inputs as well, those of all lanes. Every lane takes part in every step, past its share of K too: compilers move nothing across a condition there.
        var item_0 = load_item(lane, 0u);
        var item_1 = load_item(lane + 1u * WIDTH, 0u);
        var item_2 = load_item(lane + 2u * WIDTH, 0u);
        var item_3 = load_item(lane + 3u * WIDTH, 0u);
        var item_4 = load_item(lane + 4u * WIDTH, 0u);
        var item_5 = load_item(lane + 5u * WIDTH, 0u);
        var item_6 = load_item(lane + 6u * WIDTH, 0u);
        var item_7 = load_item(lane + 7u * WIDTH, 0u);
        for (var first = 0u; first < loads; first += LANES_K) {
            // What was there before has been read.
            workgroupBarrier();
            if (first + LANES_K <= loads) {
                tile[place_of(lane)] = item_0;
                tile[place_of(lane + 1u * WIDTH)] = item_1;
                tile[place_of(lane + 2u * WIDTH)] = item_2;
                tile[place_of(lane + 3u * WIDTH)] = item_3;
                tile[place_of(lane + 4u * WIDTH)] = item_4;
                tile[place_of(lane + 5u * WIDTH)] = item_5;
                tile[place_of(lane + 6u * WIDTH)] = item_6;
                tile[place_of(lane + 7u * WIDTH)] = item_7;
            } else {
                tile[place_of(lane)] = within_k(item_0, lane, first);
                tile[place_of(lane + 1u * WIDTH)] = within_k(item_1, lane + 1u * WIDTH, first);
                tile[place_of(lane + 2u * WIDTH)] = within_k(item_2, lane + 2u * WIDTH, first);
                tile[place_of(lane + 3u * WIDTH)] = within_k(item_3, lane + 3u * WIDTH, first);
                tile[place_of(lane + 4u * WIDTH)] = within_k(item_4, lane + 4u * WIDTH, first);
                tile[place_of(lane + 5u * WIDTH)] = within_k(item_5, lane + 5u * WIDTH, first);
                tile[place_of(lane + 6u * WIDTH)] = within_k(item_6, lane + 6u * WIDTH, first);
                tile[place_of(lane + 7u * WIDTH)] = within_k(item_7, lane + 7u * WIDTH, first);
            }
            workgroupBarrier();
            if (first + LANES_K < loads) {
                item_0 = load_item(lane, first + LANES_K);
                item_1 = load_item(lane + 1u * WIDTH, first + LANES_K);
                item_2 = load_item(lane + 2u * WIDTH, first + LANES_K);
                item_3 = load_item(lane + 3u * WIDTH, first + LANES_K);
                item_4 = load_item(lane + 4u * WIDTH, first + LANES_K);
                item_5 = load_item(lane + 5u * WIDTH, first + LANES_K);
                item_6 = load_item(lane + 6u * WIDTH, first + LANES_K);
                item_7 = load_item(lane + 7u * WIDTH, first + LANES_K);
            }
            let q_0 = next_0;
            let q_1 = next_1;
            let q_2 = next_2;
            let q_3 = next_3;
            let q_4 = next_4;
            let q_5 = next_5;
            let q_6 = next_6;
            let q_7 = next_7;
            let scales_0 = scales_by_nibble(next_scale_0);
            let scales_1 = scales_by_nibble(next_scale_1);
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
                let w_0 = dequantize(words_0_0, scales_0, magic);
                let w_1 = dequantize(words_0_1, scales_1, magic);
                let x_0_k = tile[at_0];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                sum_0_1 = multiply_add(sum_0_1, x_0_k, w_1);
                let x_1_k = tile[at_0 + 1u * ROW_VECTORS];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
                sum_1_1 = multiply_add(sum_1_1, x_1_k, w_1);
                let x_2_k = tile[at_0 + 2u * ROW_VECTORS];
                sum_2_0 = multiply_add(sum_2_0, x_2_k, w_0);
                sum_2_1 = multiply_add(sum_2_1, x_2_k, w_1);
                let x_3_k = tile[at_0 + 3u * ROW_VECTORS];
                sum_3_0 = multiply_add(sum_3_0, x_3_k, w_0);
                sum_3_1 = multiply_add(sum_3_1, x_3_k, w_1);
                let x_4_k = tile[at_0 + 4u * ROW_VECTORS];
                sum_4_0 = multiply_add(sum_4_0, x_4_k, w_0);
                sum_4_1 = multiply_add(sum_4_1, x_4_k, w_1);
                let x_5_k = tile[at_0 + 5u * ROW_VECTORS];
                sum_5_0 = multiply_add(sum_5_0, x_5_k, w_0);
                sum_5_1 = multiply_add(sum_5_1, x_5_k, w_1);
                let x_6_k = tile[at_0 + 6u * ROW_VECTORS];
                sum_6_0 = multiply_add(sum_6_0, x_6_k, w_0);
                sum_6_1 = multiply_add(sum_6_1, x_6_k, w_1);
                let x_7_k = tile[at_0 + 7u * ROW_VECTORS];
                sum_7_0 = multiply_add(sum_7_0, x_7_k, w_0);
                sum_7_1 = multiply_add(sum_7_1, x_7_k, w_1);
            }
            // Weights 4 to 7 of the load.
            {
                let w_0 = dequantize(words_0_0 >> vec4<u32>(16u), scales_0, magic);
                let w_1 = dequantize(words_0_1 >> vec4<u32>(16u), scales_1, magic);
                let x_0_k = tile[at_1];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                sum_0_1 = multiply_add(sum_0_1, x_0_k, w_1);
                let x_1_k = tile[at_1 + 1u * ROW_VECTORS];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
                sum_1_1 = multiply_add(sum_1_1, x_1_k, w_1);
                let x_2_k = tile[at_1 + 2u * ROW_VECTORS];
                sum_2_0 = multiply_add(sum_2_0, x_2_k, w_0);
                sum_2_1 = multiply_add(sum_2_1, x_2_k, w_1);
                let x_3_k = tile[at_1 + 3u * ROW_VECTORS];
                sum_3_0 = multiply_add(sum_3_0, x_3_k, w_0);
                sum_3_1 = multiply_add(sum_3_1, x_3_k, w_1);
                let x_4_k = tile[at_1 + 4u * ROW_VECTORS];
                sum_4_0 = multiply_add(sum_4_0, x_4_k, w_0);
                sum_4_1 = multiply_add(sum_4_1, x_4_k, w_1);
                let x_5_k = tile[at_1 + 5u * ROW_VECTORS];
                sum_5_0 = multiply_add(sum_5_0, x_5_k, w_0);
                sum_5_1 = multiply_add(sum_5_1, x_5_k, w_1);
                let x_6_k = tile[at_1 + 6u * ROW_VECTORS];
                sum_6_0 = multiply_add(sum_6_0, x_6_k, w_0);
                sum_6_1 = multiply_add(sum_6_1, x_6_k, w_1);
                let x_7_k = tile[at_1 + 7u * ROW_VECTORS];
                sum_7_0 = multiply_add(sum_7_0, x_7_k, w_0);
                sum_7_1 = multiply_add(sum_7_1, x_7_k, w_1);
            }
            let words_1_0 = vec4<u32>(q_0.y, q_1.y, q_2.y, q_3.y);
            let words_1_1 = vec4<u32>(q_4.y, q_5.y, q_6.y, q_7.y);
            // Weights 8 to 11 of the load.
            {
                let w_0 = dequantize(words_1_0, scales_0, magic);
                let w_1 = dequantize(words_1_1, scales_1, magic);
                let x_0_k = tile[at_2];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                sum_0_1 = multiply_add(sum_0_1, x_0_k, w_1);
                let x_1_k = tile[at_2 + 1u * ROW_VECTORS];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
                sum_1_1 = multiply_add(sum_1_1, x_1_k, w_1);
                let x_2_k = tile[at_2 + 2u * ROW_VECTORS];
                sum_2_0 = multiply_add(sum_2_0, x_2_k, w_0);
                sum_2_1 = multiply_add(sum_2_1, x_2_k, w_1);
                let x_3_k = tile[at_2 + 3u * ROW_VECTORS];
                sum_3_0 = multiply_add(sum_3_0, x_3_k, w_0);
                sum_3_1 = multiply_add(sum_3_1, x_3_k, w_1);
                let x_4_k = tile[at_2 + 4u * ROW_VECTORS];
                sum_4_0 = multiply_add(sum_4_0, x_4_k, w_0);
                sum_4_1 = multiply_add(sum_4_1, x_4_k, w_1);
                let x_5_k = tile[at_2 + 5u * ROW_VECTORS];
                sum_5_0 = multiply_add(sum_5_0, x_5_k, w_0);
                sum_5_1 = multiply_add(sum_5_1, x_5_k, w_1);
                let x_6_k = tile[at_2 + 6u * ROW_VECTORS];
                sum_6_0 = multiply_add(sum_6_0, x_6_k, w_0);
                sum_6_1 = multiply_add(sum_6_1, x_6_k, w_1);
                let x_7_k = tile[at_2 + 7u * ROW_VECTORS];
                sum_7_0 = multiply_add(sum_7_0, x_7_k, w_0);
                sum_7_1 = multiply_add(sum_7_1, x_7_k, w_1);
            }
            // Weights 12 to 15 of the load.
            {
                let w_0 = dequantize(words_1_0 >> vec4<u32>(16u), scales_0, magic);
                let w_1 = dequantize(words_1_1 >> vec4<u32>(16u), scales_1, magic);
                let x_0_k = tile[at_3];
                sum_0_0 = multiply_add(sum_0_0, x_0_k, w_0);
                sum_0_1 = multiply_add(sum_0_1, x_0_k, w_1);
                let x_1_k = tile[at_3 + 1u * ROW_VECTORS];
                sum_1_0 = multiply_add(sum_1_0, x_1_k, w_0);
                sum_1_1 = multiply_add(sum_1_1, x_1_k, w_1);
                let x_2_k = tile[at_3 + 2u * ROW_VECTORS];
                sum_2_0 = multiply_add(sum_2_0, x_2_k, w_0);
                sum_2_1 = multiply_add(sum_2_1, x_2_k, w_1);
                let x_3_k = tile[at_3 + 3u * ROW_VECTORS];
                sum_3_0 = multiply_add(sum_3_0, x_3_k, w_0);
                sum_3_1 = multiply_add(sum_3_1, x_3_k, w_1);
                let x_4_k = tile[at_3 + 4u * ROW_VECTORS];
                sum_4_0 = multiply_add(sum_4_0, x_4_k, w_0);
                sum_4_1 = multiply_add(sum_4_1, x_4_k, w_1);
                let x_5_k = tile[at_3 + 5u * ROW_VECTORS];
                sum_5_0 = multiply_add(sum_5_0, x_5_k, w_0);
                sum_5_1 = multiply_add(sum_5_1, x_5_k, w_1);
                let x_6_k = tile[at_3 + 6u * ROW_VECTORS];
                sum_6_0 = multiply_add(sum_6_0, x_6_k, w_0);
                sum_6_1 = multiply_add(sum_6_1, x_6_k, w_1);
                let x_7_k = tile[at_3 + 7u * ROW_VECTORS];
                sum_7_0 = multiply_add(sum_7_0, x_7_k, w_0);
                sum_7_1 = multiply_add(sum_7_1, x_7_k, w_1);
            }
        }

        // Of four neighbouring rows each lane of a quad finishes one.
        let upper_1 = (lane & 1u) != 0u;
        sum_0_0 = exchange(sum_0_0, sum_2_0, upper_1, 1u);
        sum_0_1 = exchange(sum_0_1, sum_2_1, upper_1, 1u);
        sum_1_0 = exchange(sum_1_0, sum_3_0, upper_1, 1u);
        sum_1_1 = exchange(sum_1_1, sum_3_1, upper_1, 1u);
        sum_4_0 = exchange(sum_4_0, sum_6_0, upper_1, 1u);
        sum_4_1 = exchange(sum_4_1, sum_6_1, upper_1, 1u);
        sum_5_0 = exchange(sum_5_0, sum_7_0, upper_1, 1u);
        sum_5_1 = exchange(sum_5_1, sum_7_1, upper_1, 1u);
        let upper_2 = (lane & 2u) != 0u;
        sum_0_0 = exchange(sum_0_0, sum_1_0, upper_2, 2u);
        sum_0_1 = exchange(sum_0_1, sum_1_1, upper_2, 2u);
        sum_4_0 = exchange(sum_4_0, sum_5_0, upper_2, 2u);
        sum_4_1 = exchange(sum_4_1, sum_5_1, upper_2, 2u);
        let own_row = select(0u, 2u, upper_1) + select(0u, 1u, upper_2);
        let quad = lane / (QUAD * LANES_N);
        // What was there before has been read.
        workgroupBarrier();
        tile[(quad * ROWS_AT_ONCE + own_row) * PARTIAL_STRIDE + lane_n] = sum_0_0;
        tile[(quad * ROWS_AT_ONCE + own_row) * PARTIAL_STRIDE + lane_n + 1u * LANES_N] = sum_0_1;
        tile[(quad * ROWS_AT_ONCE + own_row + 4u) * PARTIAL_STRIDE + lane_n] = sum_4_0;
        tile[(quad * ROWS_AT_ONCE + own_row + 4u) * PARTIAL_STRIDE + lane_n + 1u * LANES_N] = sum_4_1;
        workgroupBarrier();
        for (var item = lane; item < ROWS_AT_ONCE * COLUMNS; item += WIDTH) {
            let item_row = item / COLUMNS;
            let vector = item % COLUMNS / 4u;
            var total = 0.0;
            for (var other = 0u; other < PARTIALS; other++) {
                total += tile[(other * ROWS_AT_ONCE + item_row) * PARTIAL_STRIDE + vector][item % 4u];
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
