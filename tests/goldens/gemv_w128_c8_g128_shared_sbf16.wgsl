// gemv_w128_c8_g128_shared_sbf16
//
// Persistent GEMV on q4gsw weights, for one row, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   geometry    128 lanes share 8 output columns over K, 32 weights of each at a time
//   input       read anew for every block
//   reduction   a tree in workgroup memory
//   group size  128
//   scales      bf16 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M == 1, K % 32 == 0, group_size == 128
//   needs       no optional feature
//   dispatch    x = ceil(B / ceil(B / min(2112, limit))) for B = ceil(N / 8) blocks of columns, striding over the blocks

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
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const WEIGHTS_PER_WORD: u32 = 8u;
const GROUP_SIZE: u32 = 128u;

// Lanes per workgroup.
const WIDTH: u32 = 128u;
// Output columns of a block.
const COLUMNS: u32 = 8u;
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = 4u * WEIGHTS_PER_WORD;
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % CHUNK == 0u;
// Lanes that share a column when the sums of all lanes are added up.
const LANES_PER_COLUMN: u32 = WIDTH / COLUMNS;
var<workgroup> lane_sums: array<f32, WIDTH * COLUMNS>;
var<workgroup> column_sums: array<f32, WIDTH>;

// The input of a chunk, two vectors a word, scaled to meet weights that were left in their place within the word.
struct Input {
    low_0: vec4<f32>,
    high_0: vec4<f32>,
    low_1: vec4<f32>,
    high_1: vec4<f32>,
    low_2: vec4<f32>,
    high_2: vec4<f32>,
    low_3: vec4<f32>,
    high_3: vec4<f32>,
}

// A nibble that is ORed into the mantissa of 2^23 adds itself times 16^i, where i is its place in the word: subtracting 2^23 and the zero
// point leaves 16^i * (q - 8), exactly. The input brings 16^-i, exactly too. A nibble beyond place 4 would reach the exponent, so the
// last three are shifted down first, to the places 0 to 2.
const MAGIC: u32 = 0x4B000000u;
const TWO_TO_23: f32 = 8388608.0;
const LOW_PLACES: vec4<f32> = vec4<f32>(1.0, 1.0 / 16.0, 1.0 / 256.0, 1.0 / 4096.0);
const HIGH_PLACES: vec4<f32> = vec4<f32>(1.0 / 65536.0, 1.0, 1.0 / 16.0, 1.0 / 256.0);

fn prepare_input(low_0: vec4<f32>, high_0: vec4<f32>, low_1: vec4<f32>, high_1: vec4<f32>, low_2: vec4<f32>, high_2: vec4<f32>, low_3: vec4<f32>, high_3: vec4<f32>) -> Input {
    var x: Input;
    x.low_0 = low_0 * LOW_PLACES;
    x.high_0 = high_0 * HIGH_PLACES;
    x.low_1 = low_1 * LOW_PLACES;
    x.high_1 = high_1 * HIGH_PLACES;
    x.low_2 = low_2 * LOW_PLACES;
    x.high_2 = high_2 * HIGH_PLACES;
    x.low_3 = low_3 * LOW_PLACES;
    x.high_3 = high_3 * HIGH_PLACES;
    return x;
}

fn dot_word(word: u32, low: vec4<f32>, high: vec4<f32>, sum: f32) -> f32 {
    // M is below 2^31, which compilers can't know: with a second constant they would mask and OR a nibble in two operations, with this number they do in one.
    let magic = MAGIC | (params.M >> 31u);
    let last = word >> 20u;
    var total = sum;
    total = fma(bitcast<f32>((word & 0xFu) | magic) - (TWO_TO_23 + 8.0), low.x, total);
    total = fma(bitcast<f32>((word & 0xF0u) | magic) - (TWO_TO_23 + 8.0 * 16.0), low.y, total);
    total = fma(bitcast<f32>((word & 0xF00u) | magic) - (TWO_TO_23 + 8.0 * 256.0), low.z, total);
    total = fma(bitcast<f32>((word & 0xF000u) | magic) - (TWO_TO_23 + 8.0 * 4096.0), low.w, total);
    total = fma(bitcast<f32>((word & 0xF0000u) | magic) - (TWO_TO_23 + 8.0 * 65536.0), high.x, total);
    total = fma(bitcast<f32>((last & 0xFu) | magic) - (TWO_TO_23 + 8.0), high.y, total);
    total = fma(bitcast<f32>((last & 0xF0u) | magic) - (TWO_TO_23 + 8.0 * 16.0), high.z, total);
    total = fma(bitcast<f32>((last & 0xF00u) | magic) - (TWO_TO_23 + 8.0 * 256.0), high.w, total);
    return total;
}

// The inner product of a chunk, before scaling.
fn dot_chunk(q: vec4<u32>, x: Input) -> f32 {
    var sum = 0.0;
    sum = dot_word(q.x, x.low_0, x.high_0, sum);
    sum = dot_word(q.y, x.low_1, x.high_1, sum);
    sum = dot_word(q.z, x.low_2, x.high_2, sum);
    sum = dot_word(q.w, x.low_3, x.high_3, sum);
    return sum;
}

fn load_input(chunk: u32) -> Input {
    let at = params.input_offset / 4u + chunk * (CHUNK / 4u);
    return prepare_input(
        input[at],
        input[at + 1u],
        input[at + 2u],
        input[at + 3u],
        input[at + 4u],
        input[at + 5u],
        input[at + 6u],
        input[at + 7u],
    );
}

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((params.K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    // Two to a word, the first one in the low half.
    let word = scales[at / 2u] >> (16u * (at % 2u));
    // The upper half of an f32 is its bfloat16.
    return bitcast<f32>(word << 16u);
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
    @builtin(local_invocation_index) lane: u32,
) {
    let chunks = params.K / CHUNK;
    // Every workgroup strides over the blocks, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
        let row_0 = n * chunks;
        // Columns past the edge repeat the last one; the store drops them.
        let row_1 = min(n + 1u, params.N - 1u) * chunks;
        let row_2 = min(n + 2u, params.N - 1u) * chunks;
        let row_3 = min(n + 3u, params.N - 1u) * chunks;
        let row_4 = min(n + 4u, params.N - 1u) * chunks;
        let row_5 = min(n + 5u, params.N - 1u) * chunks;
        let row_6 = min(n + 6u, params.N - 1u) * chunks;
        let row_7 = min(n + 7u, params.N - 1u) * chunks;
        var sum_0 = vec4<f32>();
        var sum_1 = vec4<f32>();

        for (var chunk = lane; chunk < chunks; chunk += WIDTH) {
            // All columns' weights are on their way before the first is used.
            let q_0 = weight[row_0 + chunk];
            let q_1 = weight[row_1 + chunk];
            let q_2 = weight[row_2 + chunk];
            let q_3 = weight[row_3 + chunk];
            let q_4 = weight[row_4 + chunk];
            let q_5 = weight[row_5 + chunk];
            let q_6 = weight[row_6 + chunk];
            let q_7 = weight[row_7 + chunk];
            let group = chunk / (GROUP_SIZE / CHUNK);
            let scale_0 = vec4<f32>(load_scale(n, group), load_scale(min(n + 1u, params.N - 1u), group), load_scale(min(n + 2u, params.N - 1u), group), load_scale(min(n + 3u, params.N - 1u), group));
            let scale_1 = vec4<f32>(load_scale(min(n + 4u, params.N - 1u), group), load_scale(min(n + 5u, params.N - 1u), group), load_scale(min(n + 6u, params.N - 1u), group), load_scale(min(n + 7u, params.N - 1u), group));
            let x = load_input(chunk);
            sum_0 = fma(scale_0, vec4<f32>(dot_chunk(q_0, x), dot_chunk(q_1, x), dot_chunk(q_2, x), dot_chunk(q_3, x)), sum_0);
            sum_1 = fma(scale_1, vec4<f32>(dot_chunk(q_4, x), dot_chunk(q_5, x), dot_chunk(q_6, x), dot_chunk(q_7, x)), sum_1);
        }

        lane_sums[lane] = sum_0.x;
        lane_sums[1u * WIDTH + lane] = sum_0.y;
        lane_sums[2u * WIDTH + lane] = sum_0.z;
        lane_sums[3u * WIDTH + lane] = sum_0.w;
        lane_sums[4u * WIDTH + lane] = sum_1.x;
        lane_sums[5u * WIDTH + lane] = sum_1.y;
        lane_sums[6u * WIDTH + lane] = sum_1.z;
        lane_sums[7u * WIDTH + lane] = sum_1.w;
        workgroupBarrier();
        {
            // Neighbouring lanes read neighbouring sums of one column.
            let first = (lane / LANES_PER_COLUMN) * WIDTH + lane % LANES_PER_COLUMN;
            var sum = lane_sums[first];
            for (var other = LANES_PER_COLUMN; other < WIDTH; other += LANES_PER_COLUMN) {
                sum += lane_sums[first + other];
            }
            column_sums[lane] = sum;
        }
        workgroupBarrier();
        if (lane < COLUMNS && n + lane < params.N) {
            var y = column_sums[lane * LANES_PER_COLUMN];
            for (var other = 1u; other < LANES_PER_COLUMN; other++) {
                y += column_sums[lane * LANES_PER_COLUMN + other];
            }
            output[params.output_offset + n + lane] = epilogue(y, n + lane);
        }
    }
}
