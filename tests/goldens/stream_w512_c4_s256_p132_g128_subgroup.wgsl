// stream_w512_c4_s256_p132_g128_subgroup
//
// Streaming GEMV on q4gsw weights, for one row, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   geometry    512 lanes in teams, a subgroup each, which take 4 output columns at once, 32 weights of each a lane
//   input       in workgroup memory, 8192 elements at once
//   reduction   subgroup additions, for subgroups of any size
//   group size  128
//   scales      f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M == 1, K % 32 == 0, group_size == 128
//   needs       SUBGROUP
//   dispatch    x = min(ceil(N / 4), 132, limit), blocks of columns dealt to all teams in turn

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
const GROUP_SIZE: u32 = 128u;

// Lanes per workgroup.
const WIDTH: u32 = 512u;
// Output columns that a team takes at once.
const COLUMNS: u32 = 4u;
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = 4u * WEIGHTS_PER_WORD;
// Vectors of the input in a chunk.
const VECTORS: u32 = CHUNK / 4u;
// Chunks of the input that workgroup memory holds: a longer input passes through it slice by slice.
const HELD: u32 = 256u;
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % CHUNK == 0u;
// First vectors of all chunks, then second ones, and so on: neighbouring lanes read neighbouring vectors. One more to a row, so that the vectors of a
// chunk, which neighbouring lanes write, lie in different banks.
const STRIDE: u32 = HELD + 1u;
var<workgroup> x: array<vec4<f32>, VECTORS * STRIDE>;

// A nibble that is ORed into the mantissa of 2^23 adds itself times 16^i, where i is its place in the word: subtracting 2^23 and the zero
// point leaves 16^i * (q - 8), exactly. The input brings 16^-i, exactly too. A nibble beyond place 4 would reach the exponent, so the
// last three are shifted down first, to the places 0 to 2.
const MAGIC: u32 = 0x4B000000u;
const TWO_TO_23: f32 = 8388608.0;
const LOW_PLACES: vec4<f32> = vec4<f32>(1.0, 1.0 / 16.0, 1.0 / 256.0, 1.0 / 4096.0);
const HIGH_PLACES: vec4<f32> = vec4<f32>(1.0 / 65536.0, 1.0, 1.0 / 16.0, 1.0 / 256.0);

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

// Past the end of K are zeros, which add nothing whatever weights they meet.
fn load_input(vector: u32, vectors: u32) -> vec4<f32> {
    if (vector < vectors) {
        return input[params.input_offset / 4u + vector];
    }
    return vec4<f32>();
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

// What a lane multiplies at once: a chunk of each column and its scale.
struct Chunks {
    q_0: vec4<u32>,
    q_1: vec4<u32>,
    q_2: vec4<u32>,
    q_3: vec4<u32>,
    scale: vec4<f32>,
}

// Where the rows of weights of the columns from n on begin. Columns past the edge repeat the last one; the store drops them.
fn rows_of(n: u32, chunks: u32) -> vec4<u32> {
    return min(vec4<u32>(n) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.N - 1u)) * chunks;
}

fn load_chunks(n: u32, rows: vec4<u32>, chunk: u32) -> Chunks {
    var loaded: Chunks;
    loaded.q_0 = weight[rows.x + chunk];
    loaded.q_1 = weight[rows.y + chunk];
    loaded.q_2 = weight[rows.z + chunk];
    loaded.q_3 = weight[rows.w + chunk];
    let group = chunk / (GROUP_SIZE / CHUNK);
    let scale_0 = vec4<f32>(load_scale(n, group), load_scale(min(n + 1u, params.N - 1u), group), load_scale(min(n + 2u, params.N - 1u), group), load_scale(min(n + 3u, params.N - 1u), group));
    loaded.scale = scale_0;
    return loaded;
}

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(subgroup_id) team: u32,
    @builtin(num_subgroups) teams: u32,
    @builtin(subgroup_size) team_lanes: u32,
    @builtin(subgroup_invocation_id) team_lane: u32,
) {
    let chunks = params.K / CHUNK;
    // Some columns for every team of every workgroup make a round. Neighbouring ones go to different workgroups, so that the last round is spread over all.
    let dealt = COLUMNS * workgroups.x * teams;
    let rounds = (params.N + dealt - 1u) / dealt;
    var n = COLUMNS * (team * workgroups.x + workgroup.x);
    // The first weights are on their way while the input is copied.
    var next_n = n;
    var next_rows = rows_of(next_n, chunks);
    var next: Chunks;
    if (next_n < params.N) {
        next = load_chunks(next_n, next_rows, min(team_lane, chunks - 1u));
    }
    var value_0 = load_input(lane, chunks * VECTORS);
    var value_1 = load_input(lane + 1u * WIDTH, chunks * VECTORS);
    var value_2 = load_input(lane + 2u * WIDTH, chunks * VECTORS);
    var value_3 = load_input(lane + 3u * WIDTH, chunks * VECTORS);
    for (var round = 0u; round < rounds; round++) {
        var sum = vec4<f32>();
        for (var first = 0u; first < chunks; first += HELD) {
            // What is there already need not be copied anew.
            if (round == 0u || chunks > HELD) {
                // All lanes are done with the slice before.
                workgroupBarrier();
                {
                    let place = (lane % VECTORS) * STRIDE + lane / VECTORS;
                    let places = select(LOW_PLACES, HIGH_PLACES, (lane & 1u) != 0u);
                    x[place] = value_0 * places;
                    x[place + 1u * (WIDTH / VECTORS)] = value_1 * places;
                    x[place + 2u * (WIDTH / VECTORS)] = value_2 * places;
                    x[place + 3u * (WIDTH / VECTORS)] = value_3 * places;
                }
                workgroupBarrier();
                if (chunks > HELD) {
                    // The next slice is on its way while this one is multiplied: after the last one, the first one for the next columns.
                    let next_first = select(first + HELD, 0u, first + HELD >= chunks) * VECTORS + lane;
                    value_0 = load_input(next_first, chunks * VECTORS);
                    value_1 = load_input(next_first + 1u * WIDTH, chunks * VECTORS);
                    value_2 = load_input(next_first + 2u * WIDTH, chunks * VECTORS);
                    value_3 = load_input(next_first + 3u * WIDTH, chunks * VECTORS);
                }
            }
            if (n < params.N) {
                let end = min(first + HELD, chunks);
                for (var step = first; step < end; step += team_lanes) {
                    let place = step - first + team_lane;
                    let now = next;
                    // The next chunks are on their way while these are multiplied: after the last ones of some columns, the first ones of the next columns.
                    var next_step = step + team_lanes;
                    if (next_step >= chunks) {
                        next_step = 0u;
                        next_n += dealt;
                        next_rows = rows_of(next_n, chunks);
                    }
                    if (next_n < params.N) {
                        next = load_chunks(next_n, next_rows, min(next_step + team_lane, chunks - 1u));
                    }
                    var dot_0 = 0.0;
                    var dot_1 = 0.0;
                    var dot_2 = 0.0;
                    var dot_3 = 0.0;
                    {
                        let low = x[0u * STRIDE + place];
                        let high = x[1u * STRIDE + place];
                        dot_0 = dot_word(now.q_0.x, low, high, dot_0);
                        dot_1 = dot_word(now.q_1.x, low, high, dot_1);
                        dot_2 = dot_word(now.q_2.x, low, high, dot_2);
                        dot_3 = dot_word(now.q_3.x, low, high, dot_3);
                    }
                    {
                        let low = x[2u * STRIDE + place];
                        let high = x[3u * STRIDE + place];
                        dot_0 = dot_word(now.q_0.y, low, high, dot_0);
                        dot_1 = dot_word(now.q_1.y, low, high, dot_1);
                        dot_2 = dot_word(now.q_2.y, low, high, dot_2);
                        dot_3 = dot_word(now.q_3.y, low, high, dot_3);
                    }
                    {
                        let low = x[4u * STRIDE + place];
                        let high = x[5u * STRIDE + place];
                        dot_0 = dot_word(now.q_0.z, low, high, dot_0);
                        dot_1 = dot_word(now.q_1.z, low, high, dot_1);
                        dot_2 = dot_word(now.q_2.z, low, high, dot_2);
                        dot_3 = dot_word(now.q_3.z, low, high, dot_3);
                    }
                    {
                        let low = x[6u * STRIDE + place];
                        let high = x[7u * STRIDE + place];
                        dot_0 = dot_word(now.q_0.w, low, high, dot_0);
                        dot_1 = dot_word(now.q_1.w, low, high, dot_1);
                        dot_2 = dot_word(now.q_2.w, low, high, dot_2);
                        dot_3 = dot_word(now.q_3.w, low, high, dot_3);
                    }
                    sum = fma(now.scale, vec4<f32>(dot_0, dot_1, dot_2, dot_3), sum);
                }
            }
        }

        // Lanes swap halves of their sums: of two neighbours each keeps the half that its number names and adds the other's to it. No subgroup has fewer than
        // four lanes.
        let odd = (team_lane & 1u) != 0u;
        let upper = (team_lane & 2u) != 0u;
        let kept = select(sum.xy, sum.zw, odd) + subgroupShuffleXor(select(sum.zw, sum.xy, odd), 1u);
        var total = select(kept.x, kept.y, upper) + subgroupShuffleXor(select(kept.y, kept.x, upper), 2u);
        for (var mask = COLUMNS; mask < team_lanes; mask *= 2u) {
            total += subgroupShuffleXor(total, mask);
        }
        let column = n + (team_lane & 1u) * 2u + team_lane / 2u;
        if (team_lane < COLUMNS && column < params.N) {
            output[params.output_offset + column] = epilogue(total, column);
        }
        n += dealt;
    }
}
