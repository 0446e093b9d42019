// stream_w512_c2_t2_p132_g32_shared
//
// Streaming GEMV on q4gsw weights, for one row, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   geometry    512 lanes in teams, 32 lanes each, 2 of which divide K, which take 2 output columns at once, 32 weights of each a lane
//   input       in workgroup memory, 4096 elements at most
//   reduction   a tree in workgroup memory
//   group size  32
//   scales      f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M == 1, K % 32 == 0, K <= 4096, group_size == 32
//   needs       no optional feature
//   dispatch    x = min(ceil(N / 2), 132, limit), blocks of columns dealt to all teams in turn

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
const WIDTH: u32 = 512u;
// Lanes of a team.
const TEAM: u32 = 32u;
const TEAMS: u32 = WIDTH / TEAM;
// Output columns that a team takes at once.
const COLUMNS: u32 = 2u;
// Teams that take the same columns and divide K, step by step.
const SPLIT: u32 = 2u;
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = 4u * WEIGHTS_PER_WORD;
// Vectors of the input in a chunk.
const VECTORS: u32 = CHUNK / 4u;
// Chunks of the input that workgroup memory holds.
const HELD: u32 = 128u;
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % CHUNK == 0u;
// First vectors of all chunks, then second ones, and so on: neighbouring lanes read neighbouring vectors. One more to a row, so that the vectors of a
// chunk, which neighbouring lanes write, lie in different banks.
const STRIDE: u32 = HELD + 1u;
var<workgroup> x: array<vec4<f32>, VECTORS * STRIDE>;
// Lanes that share a column of a team when its sums are added up.
const LANES_PER_COLUMN: u32 = TEAM / COLUMNS;
var<workgroup> lane_sums: array<f32, COLUMNS * WIDTH>;
var<workgroup> column_sums: array<f32, WIDTH>;

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
    scale: vec2<f32>,
}

// Where the rows of weights of the columns from n on begin. Columns past the edge repeat the last one; the store drops them.
fn rows_of(n: u32, chunks: u32) -> vec2<u32> {
    return min(vec2<u32>(n) + vec2<u32>(0u, 1u), vec2<u32>(params.N - 1u)) * chunks;
}

fn load_chunks(n: u32, rows: vec2<u32>, chunk: u32) -> Chunks {
    var loaded: Chunks;
    loaded.q_0 = weight[rows.x + chunk];
    loaded.q_1 = weight[rows.y + chunk];
    // A scale for each chunk, in the same order.
    loaded.scale = vec2<f32>(scales[rows.x + chunk], scales[rows.y + chunk]);
    return loaded;
}

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let team = lane / TEAM;
    let team_lane = lane % TEAM;
    let chunks = params.K / CHUNK;
    // Some columns for every 2 teams of every workgroup make a round. Neighbouring ones go to different workgroups, so that the last round is spread over all.
    let dealt = COLUMNS * workgroups.x * (TEAMS / SPLIT);
    let rounds = (params.N + dealt - 1u) / dealt;
    var n = COLUMNS * (team / SPLIT * workgroups.x + workgroup.x);
    // The first step of this team, and from one to the next.
    let first_step = team % SPLIT * TEAM;
    let steps_apart = SPLIT * TEAM;
    // The first weights are on their way while the input is copied.
    var next_n = n;
    var next_rows = rows_of(next_n, chunks);
    var next: Chunks;
    if (next_n < params.N) {
        next = load_chunks(next_n, next_rows, min(first_step + team_lane, chunks - 1u));
    }
    let value_0 = load_input(lane, chunks * VECTORS);
    let value_1 = load_input(lane + 1u * WIDTH, chunks * VECTORS);
    {
        let place = (lane % VECTORS) * STRIDE + lane / VECTORS;
        let places = select(LOW_PLACES, HIGH_PLACES, (lane & 1u) != 0u);
        x[place] = value_0 * places;
        x[place + 1u * (WIDTH / VECTORS)] = value_1 * places;
    }
    workgroupBarrier();
    for (var round = 0u; round < rounds; round++) {
        var sum = vec2<f32>();
        var step = first_step;
        if (n < params.N) {
            for (; step < chunks; step += steps_apart) {
                let place = step + team_lane;
                let now = next;
                // The next chunks are on their way while these are multiplied: after the last ones of some columns, the first ones of the next columns.
                var next_step = step + steps_apart;
                if (next_step >= chunks) {
                    next_step = first_step;
                    next_n += dealt;
                    next_rows = rows_of(next_n, chunks);
                }
                if (next_n < params.N) {
                    next = load_chunks(next_n, next_rows, min(next_step + team_lane, chunks - 1u));
                }
                var dot_0 = 0.0;
                var dot_1 = 0.0;
                {
                    let low = x[0u * STRIDE + place];
                    let high = x[1u * STRIDE + place];
                    dot_0 = dot_word(now.q_0.x, low, high, dot_0);
                    dot_1 = dot_word(now.q_1.x, low, high, dot_1);
                }
                {
                    let low = x[2u * STRIDE + place];
                    let high = x[3u * STRIDE + place];
                    dot_0 = dot_word(now.q_0.y, low, high, dot_0);
                    dot_1 = dot_word(now.q_1.y, low, high, dot_1);
                }
                {
                    let low = x[4u * STRIDE + place];
                    let high = x[5u * STRIDE + place];
                    dot_0 = dot_word(now.q_0.z, low, high, dot_0);
                    dot_1 = dot_word(now.q_1.z, low, high, dot_1);
                }
                {
                    let low = x[6u * STRIDE + place];
                    let high = x[7u * STRIDE + place];
                    dot_0 = dot_word(now.q_0.w, low, high, dot_0);
                    dot_1 = dot_word(now.q_1.w, low, high, dot_1);
                }
                sum = fma(now.scale, vec2<f32>(dot_0, dot_1), sum);
            }
        }

        lane_sums[lane] = sum.x;
        lane_sums[1u * WIDTH + lane] = sum.y;
        workgroupBarrier();
        {
            // Neighbouring lanes add up neighbouring sums of one column of a team.
            let part = lane / LANES_PER_COLUMN;
            let start = (part % COLUMNS) * WIDTH + (part / COLUMNS) * TEAM + lane % LANES_PER_COLUMN;
            var lanes_sum = lane_sums[start];
            for (var other = LANES_PER_COLUMN; other < TEAM; other += LANES_PER_COLUMN) {
                lanes_sum += lane_sums[start + other];
            }
            column_sums[lane] = lanes_sum;
        }
        workgroupBarrier();
        // One lane for each column of the teams that divided K.
        let column = round * dealt + COLUMNS * ((lane / COLUMNS) * workgroups.x + workgroup.x) + lane % COLUMNS;
        if (lane < COLUMNS * (TEAMS / SPLIT) && column < params.N) {
            var total = 0.0;
            for (var other = 0u; other < SPLIT; other++) {
                let start = ((lane / COLUMNS * SPLIT + other) * COLUMNS + lane % COLUMNS) * LANES_PER_COLUMN;
                for (var i = 0u; i < LANES_PER_COLUMN; i++) {
                    total += column_sums[start + i];
                }
            }
            output[params.output_offset + column] = epilogue(total, column);
        }
        n += dealt;
    }
}
