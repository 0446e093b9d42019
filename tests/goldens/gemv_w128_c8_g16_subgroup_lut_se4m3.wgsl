// gemv_w128_c8_g16_subgroup_lut_se4m3
//
// Persistent GEMV on 4-bit weights of a codebook, for one row, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * codebook[nibble(n, k)] * scales[k / group_size, n]
//
//   geometry    128 lanes share 8 output columns over K, 32 weights of each at a time
//   input       read anew for every block
//   reduction   subgroup additions, for subgroups of any size
//   group size  16
//   scales      e4m3 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M == 1, K % 32 == 0, group_size == 16
//   needs       SUBGROUP
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
@group(0) @binding(7) var<storage, read> codebook: array<f32, LEVELS>;

const WEIGHTS_PER_WORD: u32 = 8u;
// Levels of the codebook: one for each nibble.
const LEVELS: u32 = 16u;
const GROUP_SIZE: u32 = 16u;

// Lanes per workgroup.
const WIDTH: u32 = 128u;
// Output columns of a block.
const COLUMNS: u32 = 8u;
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = 4u * WEIGHTS_PER_WORD;
// Group boundaries split a load into whole words, 2 parts with a scale each.
const_assert CHUNK == 2u * GROUP_SIZE && GROUP_SIZE % WEIGHTS_PER_WORD == 0u;
// No device has subgroups of fewer lanes, so no workgroup has more subgroups than there are partial sums.
const MIN_SUBGROUP_SIZE: u32 = 4u;
const PARTIALS: u32 = WIDTH / MIN_SUBGROUP_SIZE;
// Two sets that take turns: while one is being read the next round fills the other.
var<workgroup> partial: array<f32, 2u * PARTIALS * COLUMNS>;

// The levels that nibbles stand for: as many as lanes can look up at once, whichever each of them needs, since every one has a bank of its own.
var<workgroup> levels: array<f32, LEVELS>;

// The input of a chunk, two vectors a word.
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

fn prepare_input(low_0: vec4<f32>, high_0: vec4<f32>, low_1: vec4<f32>, high_1: vec4<f32>, low_2: vec4<f32>, high_2: vec4<f32>, low_3: vec4<f32>, high_3: vec4<f32>) -> Input {
    return Input(low_0, high_0, low_1, high_1, low_2, high_2, low_3, high_3);
}

fn dot_word(word: u32, low: vec4<f32>, high: vec4<f32>, sum: f32) -> f32 {
    var total = sum;
    total = fma(levels[word & 15u], low.x, total);
    total = fma(levels[(word >> 4u) & 15u], low.y, total);
    total = fma(levels[(word >> 8u) & 15u], low.z, total);
    total = fma(levels[(word >> 12u) & 15u], low.w, total);
    total = fma(levels[(word >> 16u) & 15u], high.x, total);
    total = fma(levels[(word >> 20u) & 15u], high.y, total);
    total = fma(levels[(word >> 24u) & 15u], high.z, total);
    total = fma(levels[word >> 28u], high.w, total);
    return total;
}

// The inner product of part 0 of a chunk, before scaling.
fn dot_chunk_0(q: vec4<u32>, x: Input) -> f32 {
    var sum = 0.0;
    sum = dot_word(q.x, x.low_0, x.high_0, sum);
    sum = dot_word(q.y, x.low_1, x.high_1, sum);
    return sum;
}

// The inner product of part 1 of a chunk, before scaling.
fn dot_chunk_1(q: vec4<u32>, x: Input) -> f32 {
    var sum = 0.0;
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
    @builtin(local_invocation_index) lane: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_size) subgroup_size: u32,
    @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
    for (var level = lane; level < LEVELS; level += WIDTH) {
        levels[level] = codebook[level];
    }
    workgroupBarrier();
    let chunks = params.K / CHUNK;
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
            let x = load_input(chunk);
            {
                let group = chunk * (CHUNK / GROUP_SIZE);
                let scale_0 = vec4<f32>(load_scale(n, group), load_scale(min(n + 1u, params.N - 1u), group), load_scale(min(n + 2u, params.N - 1u), group), load_scale(min(n + 3u, params.N - 1u), group));
                let scale_1 = vec4<f32>(load_scale(min(n + 4u, params.N - 1u), group), load_scale(min(n + 5u, params.N - 1u), group), load_scale(min(n + 6u, params.N - 1u), group), load_scale(min(n + 7u, params.N - 1u), group));
                sum_0 = fma(scale_0, vec4<f32>(dot_chunk_0(q_0, x), dot_chunk_0(q_1, x), dot_chunk_0(q_2, x), dot_chunk_0(q_3, x)), sum_0);
                sum_1 = fma(scale_1, vec4<f32>(dot_chunk_0(q_4, x), dot_chunk_0(q_5, x), dot_chunk_0(q_6, x), dot_chunk_0(q_7, x)), sum_1);
            }
            {
                let group = chunk * (CHUNK / GROUP_SIZE) + 1u;
                let scale_0 = vec4<f32>(load_scale(n, group), load_scale(min(n + 1u, params.N - 1u), group), load_scale(min(n + 2u, params.N - 1u), group), load_scale(min(n + 3u, params.N - 1u), group));
                let scale_1 = vec4<f32>(load_scale(min(n + 4u, params.N - 1u), group), load_scale(min(n + 5u, params.N - 1u), group), load_scale(min(n + 6u, params.N - 1u), group), load_scale(min(n + 7u, params.N - 1u), group));
                sum_0 = fma(scale_0, vec4<f32>(dot_chunk_1(q_0, x), dot_chunk_1(q_1, x), dot_chunk_1(q_2, x), dot_chunk_1(q_3, x)), sum_0);
                sum_1 = fma(scale_1, vec4<f32>(dot_chunk_1(q_4, x), dot_chunk_1(q_5, x), dot_chunk_1(q_6, x), dot_chunk_1(q_7, x)), sum_1);
            }
        }

        // Twice, lanes swap halves of their sums: of two neighbours each keeps the half that its number names and adds the other's to it. No
        // subgroup has fewer than four lanes.
        let odd = (subgroup_lane & 1u) != 0u;
        let upper = (subgroup_lane & 2u) != 0u;
        let half_0 = select(sum_0, sum_1, odd) + subgroupShuffleXor(select(sum_1, sum_0, odd), 1u);
        var total = select(half_0.xy, half_0.zw, upper) + subgroupShuffleXor(select(half_0.zw, half_0.xy, upper), 2u);
        for (var mask = 4u; mask < min(subgroup_size, WIDTH); mask *= 2u) {
            total += subgroupShuffleXor(total, mask);
        }
        let first = turn * (PARTIALS * COLUMNS);
        if (subgroup_lane < 4u) {
            let column = (subgroup_lane & 1u) * (COLUMNS / 2u) + (subgroup_lane / 2u) * (COLUMNS / 4u);
            partial[first + subgroup * COLUMNS + column] = total.x;
            partial[first + subgroup * COLUMNS + column + 1u] = total.y;
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
