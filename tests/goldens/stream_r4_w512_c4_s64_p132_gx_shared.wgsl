// stream_r4_w512_c4_s64_p132_gx_shared
//
// Streaming kernel on q4gsw weights, for a few rows, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   geometry    512 lanes in teams, 32 lanes each, which take 4 output columns at once, 32 weights of each a lane
//   input       in workgroup memory, 2048 elements of each row at once
//   reduction   a tree in workgroup memory
//   group size  from Params
//   scales      f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M <= 4, K % 32 == 0, group_size % 32 == 0
//   needs       no optional feature
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

// The most rows of input.
const ROWS: u32 = 4u;
// Lanes per workgroup.
const WIDTH: u32 = 512u;
// Lanes of a team.
const TEAM: u32 = 32u;
const TEAMS: u32 = WIDTH / TEAM;
// Output columns that a team takes at once.
const COLUMNS: u32 = 4u;
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = 4u * WEIGHTS_PER_WORD;
// Vectors of the input in a chunk.
const VECTORS: u32 = CHUNK / 4u;
// Chunks of each row of the input that workgroup memory holds: a longer input passes through it slice by slice.
const HELD: u32 = 64u;
// Of each row the first vectors of all chunks, then second ones, and so on: neighbouring lanes read neighbouring vectors. Vector v of a chunk changes places
// within eight with others of its kind, so that the vectors of a chunk, which neighbouring lanes write, lie in different banks.
var<workgroup> x: array<vec4<f32>, ROWS * VECTORS * HELD>;
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

// Weights 0 to 3 of a word, before scaling, times 16^place.
fn dequantize_low(word: u32) -> vec4<f32> {
    // M is below 2^31, which compilers can't know: with a second constant they would mask and OR a nibble in two operations, with this number they do in one.
    let magic = MAGIC | (params.M >> 31u);
    let bits = (vec4<u32>(word) & vec4<u32>(0xFu, 0xF0u, 0xF00u, 0xF000u)) | vec4<u32>(magic);
    return bitcast<vec4<f32>>(bits) - (TWO_TO_23 + 8.0 * vec4<f32>(1.0, 16.0, 256.0, 4096.0));
}

// Weights 4 to 7 of a word.
fn dequantize_high(word: u32) -> vec4<f32> {
    // M is below 2^31, which compilers can't know: with a second constant they would mask and OR a nibble in two operations, with this number they do in one.
    let magic = MAGIC | (params.M >> 31u);
    let last = word >> 20u;
    let bits = (vec4<u32>(word, last, last, last) & vec4<u32>(0xF0000u, 0xFu, 0xF0u, 0xF00u)) | vec4<u32>(magic);
    return bitcast<vec4<f32>>(bits) - (TWO_TO_23 + 8.0 * vec4<f32>(65536.0, 1.0, 16.0, 256.0));
}

// Past the last row and the end of K are zeros, which add nothing whatever weights they meet.
fn load_input(row: u32, vector: u32, vectors: u32) -> vec4<f32> {
    if (row < params.M && vector < vectors) {
        return input[params.input_offset / 4u + row * vectors + vector];
    }
    return vec4<f32>();
}

// Adds four products to a sum.
fn add_products(w: vec4<f32>, x: vec4<f32>, sum: f32) -> f32 {
    return fma(w.w, x.w, fma(w.z, x.z, fma(w.y, x.y, fma(w.x, x.x, sum))));
}

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((params.K + params.group_size - 1u) / params.group_size) + group;
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
    let group = chunk / (params.group_size / CHUNK);
    let scale_0 = vec4<f32>(load_scale(n, group), load_scale(min(n + 1u, params.N - 1u), group), load_scale(min(n + 2u, params.N - 1u), group), load_scale(min(n + 3u, params.N - 1u), group));
    loaded.scale = scale_0;
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
    // Some columns for every team of every workgroup make a round. Neighbouring ones go to different workgroups, so that the last round is spread over all.
    let dealt = COLUMNS * workgroups.x * TEAMS;
    let rounds = (params.N + dealt - 1u) / dealt;
    var n = COLUMNS * (team * workgroups.x + workgroup.x);
    // The first weights are on their way while the input is copied.
    var next_n = n;
    var next_rows = rows_of(next_n, chunks);
    var next: Chunks;
    if (next_n < params.N) {
        next = load_chunks(next_n, next_rows, min(team_lane, chunks - 1u));
    }
    var value_0 = load_input(0u, lane, chunks * VECTORS);
    var value_1 = load_input(1u, lane, chunks * VECTORS);
    var value_2 = load_input(2u, lane, chunks * VECTORS);
    var value_3 = load_input(3u, lane, chunks * VECTORS);
    for (var round = 0u; round < rounds; round++) {
        var sum_0 = vec4<f32>();
        var sum_1 = vec4<f32>();
        var sum_2 = vec4<f32>();
        var sum_3 = vec4<f32>();
        for (var first = 0u; first < chunks; first += HELD) {
            // What is there already need not be copied anew.
            if (round == 0u || chunks > HELD) {
                // All lanes are done with the slice before.
                workgroupBarrier();
                {
                    let place = (lane % VECTORS) * HELD + ((lane / VECTORS) ^ (lane % VECTORS));
                    let places = select(LOW_PLACES, HIGH_PLACES, (lane & 1u) != 0u);
                    x[place] = value_0 * places;
                    x[place + VECTORS * HELD] = value_1 * places;
                    x[place + 2u * VECTORS * HELD] = value_2 * places;
                    x[place + 3u * VECTORS * HELD] = value_3 * places;
                }
                workgroupBarrier();
                if (chunks > HELD) {
                    // The next slice is on its way while this one is multiplied: after the last one, the first one for the next columns.
                    let next_first = select(first + HELD, 0u, first + HELD >= chunks) * VECTORS + lane;
                    value_0 = load_input(0u, next_first, chunks * VECTORS);
                    value_1 = load_input(1u, next_first, chunks * VECTORS);
                    value_2 = load_input(2u, next_first, chunks * VECTORS);
                    value_3 = load_input(3u, next_first, chunks * VECTORS);
                }
            }
            if (n < params.N) {
                let end = min(first + HELD, chunks);
                for (var step = first; step < end; step += TEAM) {
                    let place = step - first + team_lane;
                    let now = next;
                    // The next chunks are on their way while these are multiplied: after the last ones of some columns, the first ones of the next columns.
                    var next_step = step + TEAM;
                    if (next_step >= chunks) {
                        next_step = 0u;
                        next_n += dealt;
                        next_rows = rows_of(next_n, chunks);
                    }
                    if (next_n < params.N) {
                        next = load_chunks(next_n, next_rows, min(next_step + team_lane, chunks - 1u));
                    }
                    var dot_0_0 = 0.0;
                    var dot_0_1 = 0.0;
                    var dot_0_2 = 0.0;
                    var dot_0_3 = 0.0;
                    var dot_1_0 = 0.0;
                    var dot_1_1 = 0.0;
                    var dot_1_2 = 0.0;
                    var dot_1_3 = 0.0;
                    var dot_2_0 = 0.0;
                    var dot_2_1 = 0.0;
                    var dot_2_2 = 0.0;
                    var dot_2_3 = 0.0;
                    var dot_3_0 = 0.0;
                    var dot_3_1 = 0.0;
                    var dot_3_2 = 0.0;
                    var dot_3_3 = 0.0;
                    {
                        let w_0 = dequantize_low(now.q_0.x);
                        let w_1 = dequantize_low(now.q_1.x);
                        let w_2 = dequantize_low(now.q_2.x);
                        let w_3 = dequantize_low(now.q_3.x);
                        let x_0 = x[place];
                        dot_0_0 = add_products(w_0, x_0, dot_0_0);
                        dot_1_0 = add_products(w_1, x_0, dot_1_0);
                        dot_2_0 = add_products(w_2, x_0, dot_2_0);
                        dot_3_0 = add_products(w_3, x_0, dot_3_0);
                        let x_1 = x[VECTORS * HELD + place];
                        dot_0_1 = add_products(w_0, x_1, dot_0_1);
                        dot_1_1 = add_products(w_1, x_1, dot_1_1);
                        dot_2_1 = add_products(w_2, x_1, dot_2_1);
                        dot_3_1 = add_products(w_3, x_1, dot_3_1);
                        let x_2 = x[2u * VECTORS * HELD + place];
                        dot_0_2 = add_products(w_0, x_2, dot_0_2);
                        dot_1_2 = add_products(w_1, x_2, dot_1_2);
                        dot_2_2 = add_products(w_2, x_2, dot_2_2);
                        dot_3_2 = add_products(w_3, x_2, dot_3_2);
                        let x_3 = x[3u * VECTORS * HELD + place];
                        dot_0_3 = add_products(w_0, x_3, dot_0_3);
                        dot_1_3 = add_products(w_1, x_3, dot_1_3);
                        dot_2_3 = add_products(w_2, x_3, dot_2_3);
                        dot_3_3 = add_products(w_3, x_3, dot_3_3);
                    }
                    {
                        let w_0 = dequantize_high(now.q_0.x);
                        let w_1 = dequantize_high(now.q_1.x);
                        let w_2 = dequantize_high(now.q_2.x);
                        let w_3 = dequantize_high(now.q_3.x);
                        let x_0 = x[1u * HELD + (place ^ 1u)];
                        dot_0_0 = add_products(w_0, x_0, dot_0_0);
                        dot_1_0 = add_products(w_1, x_0, dot_1_0);
                        dot_2_0 = add_products(w_2, x_0, dot_2_0);
                        dot_3_0 = add_products(w_3, x_0, dot_3_0);
                        let x_1 = x[VECTORS * HELD + 1u * HELD + (place ^ 1u)];
                        dot_0_1 = add_products(w_0, x_1, dot_0_1);
                        dot_1_1 = add_products(w_1, x_1, dot_1_1);
                        dot_2_1 = add_products(w_2, x_1, dot_2_1);
                        dot_3_1 = add_products(w_3, x_1, dot_3_1);
                        let x_2 = x[2u * VECTORS * HELD + 1u * HELD + (place ^ 1u)];
                        dot_0_2 = add_products(w_0, x_2, dot_0_2);
                        dot_1_2 = add_products(w_1, x_2, dot_1_2);
                        dot_2_2 = add_products(w_2, x_2, dot_2_2);
                        dot_3_2 = add_products(w_3, x_2, dot_3_2);
                        let x_3 = x[3u * VECTORS * HELD + 1u * HELD + (place ^ 1u)];
                        dot_0_3 = add_products(w_0, x_3, dot_0_3);
                        dot_1_3 = add_products(w_1, x_3, dot_1_3);
                        dot_2_3 = add_products(w_2, x_3, dot_2_3);
                        dot_3_3 = add_products(w_3, x_3, dot_3_3);
                    }
                    {
                        let w_0 = dequantize_low(now.q_0.y);
                        let w_1 = dequantize_low(now.q_1.y);
                        let w_2 = dequantize_low(now.q_2.y);
                        let w_3 = dequantize_low(now.q_3.y);
                        let x_0 = x[2u * HELD + (place ^ 2u)];
                        dot_0_0 = add_products(w_0, x_0, dot_0_0);
                        dot_1_0 = add_products(w_1, x_0, dot_1_0);
                        dot_2_0 = add_products(w_2, x_0, dot_2_0);
                        dot_3_0 = add_products(w_3, x_0, dot_3_0);
                        let x_1 = x[VECTORS * HELD + 2u * HELD + (place ^ 2u)];
                        dot_0_1 = add_products(w_0, x_1, dot_0_1);
                        dot_1_1 = add_products(w_1, x_1, dot_1_1);
                        dot_2_1 = add_products(w_2, x_1, dot_2_1);
                        dot_3_1 = add_products(w_3, x_1, dot_3_1);
                        let x_2 = x[2u * VECTORS * HELD + 2u * HELD + (place ^ 2u)];
                        dot_0_2 = add_products(w_0, x_2, dot_0_2);
                        dot_1_2 = add_products(w_1, x_2, dot_1_2);
                        dot_2_2 = add_products(w_2, x_2, dot_2_2);
                        dot_3_2 = add_products(w_3, x_2, dot_3_2);
                        let x_3 = x[3u * VECTORS * HELD + 2u * HELD + (place ^ 2u)];
                        dot_0_3 = add_products(w_0, x_3, dot_0_3);
                        dot_1_3 = add_products(w_1, x_3, dot_1_3);
                        dot_2_3 = add_products(w_2, x_3, dot_2_3);
                        dot_3_3 = add_products(w_3, x_3, dot_3_3);
                    }
                    {
                        let w_0 = dequantize_high(now.q_0.y);
                        let w_1 = dequantize_high(now.q_1.y);
                        let w_2 = dequantize_high(now.q_2.y);
                        let w_3 = dequantize_high(now.q_3.y);
                        let x_0 = x[3u * HELD + (place ^ 3u)];
                        dot_0_0 = add_products(w_0, x_0, dot_0_0);
                        dot_1_0 = add_products(w_1, x_0, dot_1_0);
                        dot_2_0 = add_products(w_2, x_0, dot_2_0);
                        dot_3_0 = add_products(w_3, x_0, dot_3_0);
                        let x_1 = x[VECTORS * HELD + 3u * HELD + (place ^ 3u)];
                        dot_0_1 = add_products(w_0, x_1, dot_0_1);
                        dot_1_1 = add_products(w_1, x_1, dot_1_1);
                        dot_2_1 = add_products(w_2, x_1, dot_2_1);
                        dot_3_1 = add_products(w_3, x_1, dot_3_1);
                        let x_2 = x[2u * VECTORS * HELD + 3u * HELD + (place ^ 3u)];
                        dot_0_2 = add_products(w_0, x_2, dot_0_2);
                        dot_1_2 = add_products(w_1, x_2, dot_1_2);
                        dot_2_2 = add_products(w_2, x_2, dot_2_2);
                        dot_3_2 = add_products(w_3, x_2, dot_3_2);
                        let x_3 = x[3u * VECTORS * HELD + 3u * HELD + (place ^ 3u)];
                        dot_0_3 = add_products(w_0, x_3, dot_0_3);
                        dot_1_3 = add_products(w_1, x_3, dot_1_3);
                        dot_2_3 = add_products(w_2, x_3, dot_2_3);
                        dot_3_3 = add_products(w_3, x_3, dot_3_3);
                    }
                    {
                        let w_0 = dequantize_low(now.q_0.z);
                        let w_1 = dequantize_low(now.q_1.z);
                        let w_2 = dequantize_low(now.q_2.z);
                        let w_3 = dequantize_low(now.q_3.z);
                        let x_0 = x[4u * HELD + (place ^ 4u)];
                        dot_0_0 = add_products(w_0, x_0, dot_0_0);
                        dot_1_0 = add_products(w_1, x_0, dot_1_0);
                        dot_2_0 = add_products(w_2, x_0, dot_2_0);
                        dot_3_0 = add_products(w_3, x_0, dot_3_0);
                        let x_1 = x[VECTORS * HELD + 4u * HELD + (place ^ 4u)];
                        dot_0_1 = add_products(w_0, x_1, dot_0_1);
                        dot_1_1 = add_products(w_1, x_1, dot_1_1);
                        dot_2_1 = add_products(w_2, x_1, dot_2_1);
                        dot_3_1 = add_products(w_3, x_1, dot_3_1);
                        let x_2 = x[2u * VECTORS * HELD + 4u * HELD + (place ^ 4u)];
                        dot_0_2 = add_products(w_0, x_2, dot_0_2);
                        dot_1_2 = add_products(w_1, x_2, dot_1_2);
                        dot_2_2 = add_products(w_2, x_2, dot_2_2);
                        dot_3_2 = add_products(w_3, x_2, dot_3_2);
                        let x_3 = x[3u * VECTORS * HELD + 4u * HELD + (place ^ 4u)];
                        dot_0_3 = add_products(w_0, x_3, dot_0_3);
                        dot_1_3 = add_products(w_1, x_3, dot_1_3);
                        dot_2_3 = add_products(w_2, x_3, dot_2_3);
                        dot_3_3 = add_products(w_3, x_3, dot_3_3);
                    }
                    {
                        let w_0 = dequantize_high(now.q_0.z);
                        let w_1 = dequantize_high(now.q_1.z);
                        let w_2 = dequantize_high(now.q_2.z);
                        let w_3 = dequantize_high(now.q_3.z);
                        let x_0 = x[5u * HELD + (place ^ 5u)];
                        dot_0_0 = add_products(w_0, x_0, dot_0_0);
                        dot_1_0 = add_products(w_1, x_0, dot_1_0);
                        dot_2_0 = add_products(w_2, x_0, dot_2_0);
                        dot_3_0 = add_products(w_3, x_0, dot_3_0);
                        let x_1 = x[VECTORS * HELD + 5u * HELD + (place ^ 5u)];
                        dot_0_1 = add_products(w_0, x_1, dot_0_1);
                        dot_1_1 = add_products(w_1, x_1, dot_1_1);
                        dot_2_1 = add_products(w_2, x_1, dot_2_1);
                        dot_3_1 = add_products(w_3, x_1, dot_3_1);
                        let x_2 = x[2u * VECTORS * HELD + 5u * HELD + (place ^ 5u)];
                        dot_0_2 = add_products(w_0, x_2, dot_0_2);
                        dot_1_2 = add_products(w_1, x_2, dot_1_2);
                        dot_2_2 = add_products(w_2, x_2, dot_2_2);
                        dot_3_2 = add_products(w_3, x_2, dot_3_2);
                        let x_3 = x[3u * VECTORS * HELD + 5u * HELD + (place ^ 5u)];
                        dot_0_3 = add_products(w_0, x_3, dot_0_3);
                        dot_1_3 = add_products(w_1, x_3, dot_1_3);
                        dot_2_3 = add_products(w_2, x_3, dot_2_3);
                        dot_3_3 = add_products(w_3, x_3, dot_3_3);
                    }
                    {
                        let w_0 = dequantize_low(now.q_0.w);
                        let w_1 = dequantize_low(now.q_1.w);
                        let w_2 = dequantize_low(now.q_2.w);
                        let w_3 = dequantize_low(now.q_3.w);
                        let x_0 = x[6u * HELD + (place ^ 6u)];
                        dot_0_0 = add_products(w_0, x_0, dot_0_0);
                        dot_1_0 = add_products(w_1, x_0, dot_1_0);
                        dot_2_0 = add_products(w_2, x_0, dot_2_0);
                        dot_3_0 = add_products(w_3, x_0, dot_3_0);
                        let x_1 = x[VECTORS * HELD + 6u * HELD + (place ^ 6u)];
                        dot_0_1 = add_products(w_0, x_1, dot_0_1);
                        dot_1_1 = add_products(w_1, x_1, dot_1_1);
                        dot_2_1 = add_products(w_2, x_1, dot_2_1);
                        dot_3_1 = add_products(w_3, x_1, dot_3_1);
                        let x_2 = x[2u * VECTORS * HELD + 6u * HELD + (place ^ 6u)];
                        dot_0_2 = add_products(w_0, x_2, dot_0_2);
                        dot_1_2 = add_products(w_1, x_2, dot_1_2);
                        dot_2_2 = add_products(w_2, x_2, dot_2_2);
                        dot_3_2 = add_products(w_3, x_2, dot_3_2);
                        let x_3 = x[3u * VECTORS * HELD + 6u * HELD + (place ^ 6u)];
                        dot_0_3 = add_products(w_0, x_3, dot_0_3);
                        dot_1_3 = add_products(w_1, x_3, dot_1_3);
                        dot_2_3 = add_products(w_2, x_3, dot_2_3);
                        dot_3_3 = add_products(w_3, x_3, dot_3_3);
                    }
                    {
                        let w_0 = dequantize_high(now.q_0.w);
                        let w_1 = dequantize_high(now.q_1.w);
                        let w_2 = dequantize_high(now.q_2.w);
                        let w_3 = dequantize_high(now.q_3.w);
                        let x_0 = x[7u * HELD + (place ^ 7u)];
                        dot_0_0 = add_products(w_0, x_0, dot_0_0);
                        dot_1_0 = add_products(w_1, x_0, dot_1_0);
                        dot_2_0 = add_products(w_2, x_0, dot_2_0);
                        dot_3_0 = add_products(w_3, x_0, dot_3_0);
                        let x_1 = x[VECTORS * HELD + 7u * HELD + (place ^ 7u)];
                        dot_0_1 = add_products(w_0, x_1, dot_0_1);
                        dot_1_1 = add_products(w_1, x_1, dot_1_1);
                        dot_2_1 = add_products(w_2, x_1, dot_2_1);
                        dot_3_1 = add_products(w_3, x_1, dot_3_1);
                        let x_2 = x[2u * VECTORS * HELD + 7u * HELD + (place ^ 7u)];
                        dot_0_2 = add_products(w_0, x_2, dot_0_2);
                        dot_1_2 = add_products(w_1, x_2, dot_1_2);
                        dot_2_2 = add_products(w_2, x_2, dot_2_2);
                        dot_3_2 = add_products(w_3, x_2, dot_3_2);
                        let x_3 = x[3u * VECTORS * HELD + 7u * HELD + (place ^ 7u)];
                        dot_0_3 = add_products(w_0, x_3, dot_0_3);
                        dot_1_3 = add_products(w_1, x_3, dot_1_3);
                        dot_2_3 = add_products(w_2, x_3, dot_2_3);
                        dot_3_3 = add_products(w_3, x_3, dot_3_3);
                    }
                    sum_0 = fma(now.scale, vec4<f32>(dot_0_0, dot_1_0, dot_2_0, dot_3_0), sum_0);
                    sum_1 = fma(now.scale, vec4<f32>(dot_0_1, dot_1_1, dot_2_1, dot_3_1), sum_1);
                    sum_2 = fma(now.scale, vec4<f32>(dot_0_2, dot_1_2, dot_2_2, dot_3_2), sum_2);
                    sum_3 = fma(now.scale, vec4<f32>(dot_0_3, dot_1_3, dot_2_3, dot_3_3), sum_3);
                }
            }
        }

        {
            let sum = sum_0;
            lane_sums[lane] = sum.x;
            lane_sums[1u * WIDTH + lane] = sum.y;
            lane_sums[2u * WIDTH + lane] = sum.z;
            lane_sums[3u * WIDTH + lane] = sum.w;
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
            // One lane for each column of each team.
            let column = round * dealt + COLUMNS * ((lane / COLUMNS) * workgroups.x + workgroup.x) + lane % COLUMNS;
            if (lane < COLUMNS * TEAMS && column < params.N && 0u < params.M) {
                var total = column_sums[lane * LANES_PER_COLUMN];
                for (var other = 1u; other < LANES_PER_COLUMN; other++) {
                    total += column_sums[lane * LANES_PER_COLUMN + other];
                }
                output[params.output_offset + column] = epilogue(total, column);
            }
        }
        {
            let sum = sum_1;
            lane_sums[lane] = sum.x;
            lane_sums[1u * WIDTH + lane] = sum.y;
            lane_sums[2u * WIDTH + lane] = sum.z;
            lane_sums[3u * WIDTH + lane] = sum.w;
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
            // One lane for each column of each team.
            let column = round * dealt + COLUMNS * ((lane / COLUMNS) * workgroups.x + workgroup.x) + lane % COLUMNS;
            if (lane < COLUMNS * TEAMS && column < params.N && 1u < params.M) {
                var total = column_sums[lane * LANES_PER_COLUMN];
                for (var other = 1u; other < LANES_PER_COLUMN; other++) {
                    total += column_sums[lane * LANES_PER_COLUMN + other];
                }
                output[params.output_offset + params.output_stride + column] = epilogue(total, column);
            }
        }
        {
            let sum = sum_2;
            lane_sums[lane] = sum.x;
            lane_sums[1u * WIDTH + lane] = sum.y;
            lane_sums[2u * WIDTH + lane] = sum.z;
            lane_sums[3u * WIDTH + lane] = sum.w;
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
            // One lane for each column of each team.
            let column = round * dealt + COLUMNS * ((lane / COLUMNS) * workgroups.x + workgroup.x) + lane % COLUMNS;
            if (lane < COLUMNS * TEAMS && column < params.N && 2u < params.M) {
                var total = column_sums[lane * LANES_PER_COLUMN];
                for (var other = 1u; other < LANES_PER_COLUMN; other++) {
                    total += column_sums[lane * LANES_PER_COLUMN + other];
                }
                output[params.output_offset + 2u * params.output_stride + column] = epilogue(total, column);
            }
        }
        {
            let sum = sum_3;
            lane_sums[lane] = sum.x;
            lane_sums[1u * WIDTH + lane] = sum.y;
            lane_sums[2u * WIDTH + lane] = sum.z;
            lane_sums[3u * WIDTH + lane] = sum.w;
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
            // One lane for each column of each team.
            let column = round * dealt + COLUMNS * ((lane / COLUMNS) * workgroups.x + workgroup.x) + lane % COLUMNS;
            if (lane < COLUMNS * TEAMS && column < params.N && 3u < params.M) {
                var total = column_sums[lane * LANES_PER_COLUMN];
                for (var other = 1u; other < LANES_PER_COLUMN; other++) {
                    total += column_sums[lane * LANES_PER_COLUMN + other];
                }
                output[params.output_offset + 3u * params.output_stride + column] = epilogue(total, column);
            }
        }
        n += dealt;
    }
}
