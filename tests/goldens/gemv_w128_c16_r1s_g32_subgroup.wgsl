// gemv_w128_c16_r1s_g32_subgroup
//
// Persistent GEMV on q4gsw weights, for one row, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   geometry    128 lanes share 16 output columns over K, 32 weights of each at a time
//   input       one chunk a lane, in registers, by way of workgroup memory
//   reduction   subgroup additions, for subgroups of any size
//   group size  32
//   scales      f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M == 1, K % 32 == 0, K <= 4096, group_size == 32
//   needs       SUBGROUP
//   dispatch    x = ceil(B / ceil(B / min(2112, limit))) for B = ceil(N / 16) blocks of columns, striding over the blocks

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
@group(0) @binding(3) var<storage, read> scales: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const WEIGHTS_PER_WORD: u32 = 8u;
const GROUP_SIZE: u32 = 32u;

// Lanes per workgroup.
const WIDTH: u32 = 128u;
// Output columns of a block.
const COLUMNS: u32 = 16u;
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = 4u * WEIGHTS_PER_WORD;
// Chunks of the input that a lane keeps in registers.
const RESIDENT: u32 = 1u;
// Vectors of half a chunk, and from those of one lane to the next: odd, so that eight lanes reach into different banks.
const HALF: u32 = CHUNK / 8u;
const STRIDE: u32 = HALF + 1u;
var<workgroup> staged: array<vec4<f32>, WIDTH * STRIDE>;
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % CHUNK == 0u;
// No device has subgroups of fewer lanes, so no workgroup has more subgroups than there are partial sums.
const MIN_SUBGROUP_SIZE: u32 = 4u;
const PARTIALS: u32 = WIDTH / MIN_SUBGROUP_SIZE;
// Two sets that take turns: while one is being read the next round fills the other.
var<workgroup> partial: array<f32, 2u * PARTIALS * COLUMNS>;

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

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_size) subgroup_size: u32,
    @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
    let chunks = params.K / CHUNK;
    // This lane's share of the input stays in registers for all blocks.
    for (var vector = lane; vector < WIDTH * HALF; vector += WIDTH) {
        let chunk = vector / HALF;
        let at = params.input_offset / 4u + chunk * (CHUNK / 4u) + vector % HALF;
        // Lanes past the end of K hold zeros.
        var value = vec4<f32>();
        if (chunk < chunks) {
            value = input[at];
        }
        staged[(vector / HALF) * STRIDE + vector % HALF] = value;
    }
    workgroupBarrier();
    let v_0_0_0 = staged[lane * STRIDE];
    let v_0_0_1 = staged[lane * STRIDE + 1u];
    let v_0_0_2 = staged[lane * STRIDE + 2u];
    let v_0_0_3 = staged[lane * STRIDE + 3u];
    workgroupBarrier();
    for (var vector = lane; vector < WIDTH * HALF; vector += WIDTH) {
        let chunk = vector / HALF;
        let at = params.input_offset / 4u + chunk * (CHUNK / 4u) + HALF + vector % HALF;
        // Lanes past the end of K hold zeros.
        var value = vec4<f32>();
        if (chunk < chunks) {
            value = input[at];
        }
        staged[(vector / HALF) * STRIDE + vector % HALF] = value;
    }
    workgroupBarrier();
    let v_0_1_0 = staged[lane * STRIDE];
    let v_0_1_1 = staged[lane * STRIDE + 1u];
    let v_0_1_2 = staged[lane * STRIDE + 2u];
    let v_0_1_3 = staged[lane * STRIDE + 3u];
    workgroupBarrier();
    let x_0 = prepare_input(
        v_0_0_0,
        v_0_0_1,
        v_0_0_2,
        v_0_0_3,
        v_0_1_0,
        v_0_1_1,
        v_0_1_2,
        v_0_1_3,
    );
    var turn = 0u;
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
        let row_8 = min(n + 8u, params.N - 1u) * chunks;
        let row_9 = min(n + 9u, params.N - 1u) * chunks;
        let row_10 = min(n + 10u, params.N - 1u) * chunks;
        let row_11 = min(n + 11u, params.N - 1u) * chunks;
        let row_12 = min(n + 12u, params.N - 1u) * chunks;
        let row_13 = min(n + 13u, params.N - 1u) * chunks;
        let row_14 = min(n + 14u, params.N - 1u) * chunks;
        let row_15 = min(n + 15u, params.N - 1u) * chunks;
        var sum_0 = vec4<f32>();
        var sum_1 = vec4<f32>();
        var sum_2 = vec4<f32>();
        var sum_3 = vec4<f32>();

        if (lane < chunks) {
            let chunk = lane;
            // All columns' weights are on their way before the first is used.
            let q_0 = weight[row_0 + chunk];
            let q_1 = weight[row_1 + chunk];
            let q_2 = weight[row_2 + chunk];
            let q_3 = weight[row_3 + chunk];
            let q_4 = weight[row_4 + chunk];
            let q_5 = weight[row_5 + chunk];
            let q_6 = weight[row_6 + chunk];
            let q_7 = weight[row_7 + chunk];
            let q_8 = weight[row_8 + chunk];
            let q_9 = weight[row_9 + chunk];
            let q_10 = weight[row_10 + chunk];
            let q_11 = weight[row_11 + chunk];
            let q_12 = weight[row_12 + chunk];
            let q_13 = weight[row_13 + chunk];
            let q_14 = weight[row_14 + chunk];
            let q_15 = weight[row_15 + chunk];
            let group = chunk / (GROUP_SIZE / CHUNK);
            let scale_0 = vec4<f32>(load_scale(n, group), load_scale(min(n + 1u, params.N - 1u), group), load_scale(min(n + 2u, params.N - 1u), group), load_scale(min(n + 3u, params.N - 1u), group));
            let scale_1 = vec4<f32>(load_scale(min(n + 4u, params.N - 1u), group), load_scale(min(n + 5u, params.N - 1u), group), load_scale(min(n + 6u, params.N - 1u), group), load_scale(min(n + 7u, params.N - 1u), group));
            let scale_2 = vec4<f32>(load_scale(min(n + 8u, params.N - 1u), group), load_scale(min(n + 9u, params.N - 1u), group), load_scale(min(n + 10u, params.N - 1u), group), load_scale(min(n + 11u, params.N - 1u), group));
            let scale_3 = vec4<f32>(load_scale(min(n + 12u, params.N - 1u), group), load_scale(min(n + 13u, params.N - 1u), group), load_scale(min(n + 14u, params.N - 1u), group), load_scale(min(n + 15u, params.N - 1u), group));
            sum_0 = fma(scale_0, vec4<f32>(dot_chunk(q_0, x_0), dot_chunk(q_1, x_0), dot_chunk(q_2, x_0), dot_chunk(q_3, x_0)), sum_0);
            sum_1 = fma(scale_1, vec4<f32>(dot_chunk(q_4, x_0), dot_chunk(q_5, x_0), dot_chunk(q_6, x_0), dot_chunk(q_7, x_0)), sum_1);
            sum_2 = fma(scale_2, vec4<f32>(dot_chunk(q_8, x_0), dot_chunk(q_9, x_0), dot_chunk(q_10, x_0), dot_chunk(q_11, x_0)), sum_2);
            sum_3 = fma(scale_3, vec4<f32>(dot_chunk(q_12, x_0), dot_chunk(q_13, x_0), dot_chunk(q_14, x_0), dot_chunk(q_15, x_0)), sum_3);
        }

        // Twice, lanes swap halves of their sums: of two neighbours each keeps the half that its number names and adds the other's to it. No
        // subgroup has fewer than four lanes.
        let odd = (subgroup_lane & 1u) != 0u;
        let upper = (subgroup_lane & 2u) != 0u;
        let half_0 = select(sum_0, sum_2, odd) + subgroupShuffleXor(select(sum_2, sum_0, odd), 1u);
        let half_1 = select(sum_1, sum_3, odd) + subgroupShuffleXor(select(sum_3, sum_1, odd), 1u);
        var total = select(half_0, half_1, upper) + subgroupShuffleXor(select(half_1, half_0, upper), 2u);
        for (var mask = 4u; mask < min(subgroup_size, WIDTH); mask *= 2u) {
            total += subgroupShuffleXor(total, mask);
        }
        let first = turn * (PARTIALS * COLUMNS);
        if (subgroup_lane < 4u) {
            let column = (subgroup_lane & 1u) * (COLUMNS / 2u) + (subgroup_lane / 2u) * (COLUMNS / 4u);
            partial[first + subgroup * COLUMNS + column] = total.x;
            partial[first + subgroup * COLUMNS + column + 1u] = total.y;
            partial[first + subgroup * COLUMNS + column + 2u] = total.z;
            partial[first + subgroup * COLUMNS + column + 3u] = total.w;
        }
        workgroupBarrier();
        if (lane < COLUMNS && n + lane < params.N) {
            var y = partial[first + lane];
            for (var other = 1u; other < subgroups; other++) {
                y += partial[first + other * COLUMNS + lane];
            }
            output[params.output_offset + n + lane] = epilogue(y, n + lane);
        }
        turn = 1u - turn;
    }
}
