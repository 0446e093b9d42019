// held_matrix_s16_h16_g32_m16_f16
//
// Held cooperative matrices on q4gsw weights, for a few rows, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   inputs      16 rows in matrices of 16 x 16, K in passes of 4096
//   subgroups   16 of 32 lanes divide K, each holds 16 of the matrices while blocks of 16 columns pass
//   group size  32
//   scales      f32 [N, groups]
//   numeric     f16_multiply (f16 operands, f32 accumulate)
//   serves      M <= 16, K % 256 == 0, group_size == 32
//   needs       SUBGROUP, SUBGROUP_BARRIER, COOPERATIVE_MATRIX_16X16, SHADER_F16
//   dispatch    x = min(ceil(N / 16), 132, limit), blocks of columns dealt to all teams in turn

enable f16;
enable wgpu_cooperative_matrix;

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

// Rows and columns of a matrix, which holds all rows of the input, and the columns of a block.
const SIDE: u32 = 16u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = 32u;
const HALF: u32 = SUBGROUP_SIZE / 2u;
const SUBGROUPS: u32 = 16u;
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;
// Matrices of inputs that a subgroup holds.
const HELD: u32 = 16u;
// Elements of K that a subgroup holds, and all of them.
const SHARE: u32 = HELD * SIDE;
const PASS: u32 = SUBGROUPS * SHARE;
// Elements of K that a lane loads of a column at once, and lanes side by side that share a column, a load of each.
const LOAD: u32 = 32u;
const PARTS: u32 = SHARE / LOAD;
// Vectors of a row of a matrix, of which a lane writes one.
const VECTORS: u32 = SIDE / 4u;
// From one row of a tile to the next, which has a vector from each lane of a column: an odd number of 16 bytes, so that the same part of eight neighbouring rows fills all banks.
const STRIDE: u32 = PARTS + 2u;

// All columns of a block have their lanes, and all lanes of a column their place in one of the matrices that pass through the tile at once.
const_assert SIDE * PARTS == 4u * SUBGROUP_SIZE && PARTS == 2u * VECTORS;
// Every output of a block has a lane.
const_assert SIDE * SIDE <= THREADS;
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % LOAD == 0u;

// What each subgroup has on its way into registers. No other subgroup touches it, so that none waits for others.
var<workgroup> tile: array<vec4<f16>, SUBGROUPS * SIDE * STRIDE>;
// The sums of each subgroup.
var<workgroup> partial: array<f32, SUBGROUPS * SIDE * SIDE>;

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((params.K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    return scales[at];
}

// Bits above a nibble with which the f16 in either half of a word is 1024 and the nibble.
const MAGIC: u32 = 0x64006400u;

// Weights 0 and 4 of a word, before scaling, whose nibbles q + 8 stand lowest in each half: 1024 + q + 8, exactly.
fn dequantize_pair(word: u32, magic: u32) -> vec2<f16> {
    return vec2<f16>(unpack2x16float((word & 0x000F000Fu) | magic)) - (1024.0h + 8.0h);
}

// What f16 holds of a scale, and what is left of it: together they scale as exactly as f32 does.
fn split_scale(scale: f32) -> vec2<f16> {
    let most = f16(scale);
    return vec2<f16>(most, f16(scale - f32(most)));
}

fn apply_scale(weights: vec4<f16>, scale: vec2<f16>) -> vec4<f16> {
    return fma(weights, vec4<f16>(scale.x), weights * scale.y);
}

// Inputs rounded to f16, two to a word: half as many words to swap.
fn rounded(x: vec4<f32>) -> vec2<u32> {
    return vec2<u32>(pack2x16float(x.xy), pack2x16float(x.zw));
}

// A step of a transposition: lanes whose numbers differ by a bit swap the second quad of the one for the first of the other.
fn swap_quads(first: ptr<function, vec2<u32>>, second: ptr<function, vec2<u32>>, lane: u32, bit: u32) {
    let upper = (lane & bit) != 0u;
    let other = subgroupShuffleXor(select(*second, *first, upper), bit);
    *first = select(*first, other, upper);
    *second = select(other, *second, upper);
}

// Two inputs of a word. What looks like two conversions is none: compilers see that both forms are the same bits.
fn input_pair(word: u32) -> vec2<f16> {
    return vec2<f16>(unpack2x16float(word));
}

// Of eight neighbours two pairs in the order in which weights come out of a word, 0 and 4, 1 and 5: products do not mind the order of k.
fn stage_inputs(place: u32, lower: u32, upper: u32) {
    tile[place] = vec4<f16>(input_pair((lower & 0xFFFFu) | (upper << 16u)), input_pair((lower >> 16u) | (upper & 0xFFFF0000u)));
}

// Weights 1 and 5, whose nibbles stand next to the lowest: 1024 + 16 (q + 8), of which a sixteenth is exact as well. That takes the place of a shift.
fn dequantize_next_pair(word: u32, magic: u32) -> vec2<f16> {
    return fma(vec2<f16>(unpack2x16float((word & 0x00F000F0u) | magic)), vec2<f16>(0.0625h), vec2<f16>(-(64.0h + 8.0h)));
}

// Weights 0, 4, 1 and 5 of a word.
fn stage_weights(place: u32, word: u32, magic: u32, scale: vec2<f16>) {
    tile[place] = apply_scale(vec4<f16>(dequantize_pair(word, magic), dequantize_next_pair(word, magic)), scale);
}

fn epilogue(sum: f32, n: u32) -> f32 {
    // Without a bias the binding is a dummy that must not be read.
    if (params.has_bias != 0u) {
        return sum + bias[n];
    }
    return sum;
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    // M is below 2^31, which compilers can't know: with a second constant they would mask and OR a nibble in two operations, with this number they do in one.
    let magic = MAGIC | (params.M >> 31u);
    // The first row of the tile that a lane writes, which is a column of the block, and what part of it. What half of a subgroup writes at once lies in different banks.
    let row = lane % HALF / PARTS * (SIDE / 2u / (HALF / PARTS)) + lane / HALF;
    let part = lane % PARTS;
    let own = subgroup * (SIDE * STRIDE);
    let place = own + row * STRIDE + part;
    let blocks = (params.N + SIDE - 1u) / SIDE;

    for (var first = 0u; first < params.K; first += PASS) {
        // The subgroup's share. Past the end of K it repeats the last one, whose weights meet zeros there.
        let share = first + subgroup * SHARE;
        let weights = min(share, params.K - SHARE);
        let first_word = weights / LOAD + part;
        let group = (weights + part * LOAD) / GROUP_SIZE;
        // Lanes side by side load neighbouring inputs of a row: what a load takes is the number of places in memory that its lanes meet in.
        let x = (params.input_offset + row * params.K + share) / 4u + part;
        // Zeros past the last row and the end of K: there products must be zero, whatever is multiplied.
        let x_rows = select(0u, params.M, share < params.K);
        var x_0_0 = vec2<u32>();
        var x_0_1 = vec2<u32>();
        var x_0_2 = vec2<u32>();
        var x_0_3 = vec2<u32>();
        var x_0_4 = vec2<u32>();
        var x_0_5 = vec2<u32>();
        var x_0_6 = vec2<u32>();
        var x_0_7 = vec2<u32>();
        var x_1_0 = vec2<u32>();
        var x_1_1 = vec2<u32>();
        var x_1_2 = vec2<u32>();
        var x_1_3 = vec2<u32>();
        var x_1_4 = vec2<u32>();
        var x_1_5 = vec2<u32>();
        var x_1_6 = vec2<u32>();
        var x_1_7 = vec2<u32>();
        var x_2_0 = vec2<u32>();
        var x_2_1 = vec2<u32>();
        var x_2_2 = vec2<u32>();
        var x_2_3 = vec2<u32>();
        var x_2_4 = vec2<u32>();
        var x_2_5 = vec2<u32>();
        var x_2_6 = vec2<u32>();
        var x_2_7 = vec2<u32>();
        var x_3_0 = vec2<u32>();
        var x_3_1 = vec2<u32>();
        var x_3_2 = vec2<u32>();
        var x_3_3 = vec2<u32>();
        var x_3_4 = vec2<u32>();
        var x_3_5 = vec2<u32>();
        var x_3_6 = vec2<u32>();
        var x_3_7 = vec2<u32>();
        var loaded_0_0 = vec4<f32>();
        var loaded_0_1 = vec4<f32>();
        var loaded_0_2 = vec4<f32>();
        var loaded_0_3 = vec4<f32>();
        var loaded_0_4 = vec4<f32>();
        var loaded_0_5 = vec4<f32>();
        var loaded_0_6 = vec4<f32>();
        var loaded_0_7 = vec4<f32>();
        if (row < x_rows) {
            loaded_0_0 = input[x];
            loaded_0_1 = input[x + 8u];
            loaded_0_2 = input[x + 16u];
            loaded_0_3 = input[x + 24u];
            loaded_0_4 = input[x + 32u];
            loaded_0_5 = input[x + 40u];
            loaded_0_6 = input[x + 48u];
            loaded_0_7 = input[x + 56u];
        }
        x_0_0 = rounded(loaded_0_0);
        x_0_1 = rounded(loaded_0_1);
        x_0_2 = rounded(loaded_0_2);
        x_0_3 = rounded(loaded_0_3);
        x_0_4 = rounded(loaded_0_4);
        x_0_5 = rounded(loaded_0_5);
        x_0_6 = rounded(loaded_0_6);
        x_0_7 = rounded(loaded_0_7);
        swap_quads(&x_0_0, &x_0_1, lane, 1u);
        swap_quads(&x_0_2, &x_0_3, lane, 1u);
        swap_quads(&x_0_4, &x_0_5, lane, 1u);
        swap_quads(&x_0_6, &x_0_7, lane, 1u);
        swap_quads(&x_0_0, &x_0_2, lane, 2u);
        swap_quads(&x_0_1, &x_0_3, lane, 2u);
        swap_quads(&x_0_4, &x_0_6, lane, 2u);
        swap_quads(&x_0_5, &x_0_7, lane, 2u);
        swap_quads(&x_0_0, &x_0_4, lane, 4u);
        swap_quads(&x_0_1, &x_0_5, lane, 4u);
        swap_quads(&x_0_2, &x_0_6, lane, 4u);
        swap_quads(&x_0_3, &x_0_7, lane, 4u);
        var loaded_1_0 = vec4<f32>();
        var loaded_1_1 = vec4<f32>();
        var loaded_1_2 = vec4<f32>();
        var loaded_1_3 = vec4<f32>();
        var loaded_1_4 = vec4<f32>();
        var loaded_1_5 = vec4<f32>();
        var loaded_1_6 = vec4<f32>();
        var loaded_1_7 = vec4<f32>();
        if (row + 2u < x_rows) {
            loaded_1_0 = input[x + 2u * (params.K / 4u)];
            loaded_1_1 = input[x + 2u * (params.K / 4u) + 8u];
            loaded_1_2 = input[x + 2u * (params.K / 4u) + 16u];
            loaded_1_3 = input[x + 2u * (params.K / 4u) + 24u];
            loaded_1_4 = input[x + 2u * (params.K / 4u) + 32u];
            loaded_1_5 = input[x + 2u * (params.K / 4u) + 40u];
            loaded_1_6 = input[x + 2u * (params.K / 4u) + 48u];
            loaded_1_7 = input[x + 2u * (params.K / 4u) + 56u];
        }
        x_1_0 = rounded(loaded_1_0);
        x_1_1 = rounded(loaded_1_1);
        x_1_2 = rounded(loaded_1_2);
        x_1_3 = rounded(loaded_1_3);
        x_1_4 = rounded(loaded_1_4);
        x_1_5 = rounded(loaded_1_5);
        x_1_6 = rounded(loaded_1_6);
        x_1_7 = rounded(loaded_1_7);
        swap_quads(&x_1_0, &x_1_1, lane, 1u);
        swap_quads(&x_1_2, &x_1_3, lane, 1u);
        swap_quads(&x_1_4, &x_1_5, lane, 1u);
        swap_quads(&x_1_6, &x_1_7, lane, 1u);
        swap_quads(&x_1_0, &x_1_2, lane, 2u);
        swap_quads(&x_1_1, &x_1_3, lane, 2u);
        swap_quads(&x_1_4, &x_1_6, lane, 2u);
        swap_quads(&x_1_5, &x_1_7, lane, 2u);
        swap_quads(&x_1_0, &x_1_4, lane, 4u);
        swap_quads(&x_1_1, &x_1_5, lane, 4u);
        swap_quads(&x_1_2, &x_1_6, lane, 4u);
        swap_quads(&x_1_3, &x_1_7, lane, 4u);
        if (params.M > SIDE / 2u) {
            var loaded_2_0 = vec4<f32>();
            var loaded_2_1 = vec4<f32>();
            var loaded_2_2 = vec4<f32>();
            var loaded_2_3 = vec4<f32>();
            var loaded_2_4 = vec4<f32>();
            var loaded_2_5 = vec4<f32>();
            var loaded_2_6 = vec4<f32>();
            var loaded_2_7 = vec4<f32>();
            if (row + 8u < x_rows) {
                loaded_2_0 = input[x + 8u * (params.K / 4u)];
                loaded_2_1 = input[x + 8u * (params.K / 4u) + 8u];
                loaded_2_2 = input[x + 8u * (params.K / 4u) + 16u];
                loaded_2_3 = input[x + 8u * (params.K / 4u) + 24u];
                loaded_2_4 = input[x + 8u * (params.K / 4u) + 32u];
                loaded_2_5 = input[x + 8u * (params.K / 4u) + 40u];
                loaded_2_6 = input[x + 8u * (params.K / 4u) + 48u];
                loaded_2_7 = input[x + 8u * (params.K / 4u) + 56u];
            }
            x_2_0 = rounded(loaded_2_0);
            x_2_1 = rounded(loaded_2_1);
            x_2_2 = rounded(loaded_2_2);
            x_2_3 = rounded(loaded_2_3);
            x_2_4 = rounded(loaded_2_4);
            x_2_5 = rounded(loaded_2_5);
            x_2_6 = rounded(loaded_2_6);
            x_2_7 = rounded(loaded_2_7);
            swap_quads(&x_2_0, &x_2_1, lane, 1u);
            swap_quads(&x_2_2, &x_2_3, lane, 1u);
            swap_quads(&x_2_4, &x_2_5, lane, 1u);
            swap_quads(&x_2_6, &x_2_7, lane, 1u);
            swap_quads(&x_2_0, &x_2_2, lane, 2u);
            swap_quads(&x_2_1, &x_2_3, lane, 2u);
            swap_quads(&x_2_4, &x_2_6, lane, 2u);
            swap_quads(&x_2_5, &x_2_7, lane, 2u);
            swap_quads(&x_2_0, &x_2_4, lane, 4u);
            swap_quads(&x_2_1, &x_2_5, lane, 4u);
            swap_quads(&x_2_2, &x_2_6, lane, 4u);
            swap_quads(&x_2_3, &x_2_7, lane, 4u);
            var loaded_3_0 = vec4<f32>();
            var loaded_3_1 = vec4<f32>();
            var loaded_3_2 = vec4<f32>();
            var loaded_3_3 = vec4<f32>();
            var loaded_3_4 = vec4<f32>();
            var loaded_3_5 = vec4<f32>();
            var loaded_3_6 = vec4<f32>();
            var loaded_3_7 = vec4<f32>();
            if (row + 10u < x_rows) {
                loaded_3_0 = input[x + 10u * (params.K / 4u)];
                loaded_3_1 = input[x + 10u * (params.K / 4u) + 8u];
                loaded_3_2 = input[x + 10u * (params.K / 4u) + 16u];
                loaded_3_3 = input[x + 10u * (params.K / 4u) + 24u];
                loaded_3_4 = input[x + 10u * (params.K / 4u) + 32u];
                loaded_3_5 = input[x + 10u * (params.K / 4u) + 40u];
                loaded_3_6 = input[x + 10u * (params.K / 4u) + 48u];
                loaded_3_7 = input[x + 10u * (params.K / 4u) + 56u];
            }
            x_3_0 = rounded(loaded_3_0);
            x_3_1 = rounded(loaded_3_1);
            x_3_2 = rounded(loaded_3_2);
            x_3_3 = rounded(loaded_3_3);
            x_3_4 = rounded(loaded_3_4);
            x_3_5 = rounded(loaded_3_5);
            x_3_6 = rounded(loaded_3_6);
            x_3_7 = rounded(loaded_3_7);
            swap_quads(&x_3_0, &x_3_1, lane, 1u);
            swap_quads(&x_3_2, &x_3_3, lane, 1u);
            swap_quads(&x_3_4, &x_3_5, lane, 1u);
            swap_quads(&x_3_6, &x_3_7, lane, 1u);
            swap_quads(&x_3_0, &x_3_2, lane, 2u);
            swap_quads(&x_3_1, &x_3_3, lane, 2u);
            swap_quads(&x_3_4, &x_3_6, lane, 2u);
            swap_quads(&x_3_5, &x_3_7, lane, 2u);
            swap_quads(&x_3_0, &x_3_4, lane, 4u);
            swap_quads(&x_3_1, &x_3_5, lane, 4u);
            swap_quads(&x_3_2, &x_3_6, lane, 4u);
            swap_quads(&x_3_3, &x_3_7, lane, 4u);
        }
        // What the lane multiplies of the first block is on its way while inputs become matrices.
        let first_n_0 = min(workgroup.x * SIDE + row, params.N - 1u);
        let first_n_1 = min(workgroup.x * SIDE + row + 2u, params.N - 1u);
        let first_n_2 = min(workgroup.x * SIDE + row + 8u, params.N - 1u);
        let first_n_3 = min(workgroup.x * SIDE + row + 10u, params.N - 1u);
        var next_scale_0 = load_scale(first_n_0, group);
        var next_scale_1 = load_scale(first_n_1, group);
        var next_scale_2 = load_scale(first_n_2, group);
        var next_scale_3 = load_scale(first_n_3, group);
        var q_0 = weight[first_n_0 * (params.K / LOAD) + first_word];
        var q_1 = weight[first_n_1 * (params.K / LOAD) + first_word];
        var q_2 = weight[first_n_2 * (params.K / LOAD) + first_word];
        var q_3 = weight[first_n_3 * (params.K / LOAD) + first_word];
        stage_inputs(place, x_0_0.x, x_0_1.x);
        stage_inputs(place + 2u * STRIDE, x_1_0.x, x_1_1.x);
        stage_inputs(place + 8u * STRIDE, x_2_0.x, x_2_1.x);
        stage_inputs(place + 10u * STRIDE, x_3_0.x, x_3_1.x);
        subgroupBarrier();
        let a_0 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        let a_1 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own + 1u * VECTORS], STRIDE);
        subgroupBarrier();
        stage_inputs(place, x_0_0.y, x_0_1.y);
        stage_inputs(place + 2u * STRIDE, x_1_0.y, x_1_1.y);
        stage_inputs(place + 8u * STRIDE, x_2_0.y, x_2_1.y);
        stage_inputs(place + 10u * STRIDE, x_3_0.y, x_3_1.y);
        subgroupBarrier();
        let a_2 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        let a_3 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own + 1u * VECTORS], STRIDE);
        subgroupBarrier();
        stage_inputs(place, x_0_2.x, x_0_3.x);
        stage_inputs(place + 2u * STRIDE, x_1_2.x, x_1_3.x);
        stage_inputs(place + 8u * STRIDE, x_2_2.x, x_2_3.x);
        stage_inputs(place + 10u * STRIDE, x_3_2.x, x_3_3.x);
        subgroupBarrier();
        let a_4 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        let a_5 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own + 1u * VECTORS], STRIDE);
        subgroupBarrier();
        stage_inputs(place, x_0_2.y, x_0_3.y);
        stage_inputs(place + 2u * STRIDE, x_1_2.y, x_1_3.y);
        stage_inputs(place + 8u * STRIDE, x_2_2.y, x_2_3.y);
        stage_inputs(place + 10u * STRIDE, x_3_2.y, x_3_3.y);
        subgroupBarrier();
        let a_6 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        let a_7 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own + 1u * VECTORS], STRIDE);
        subgroupBarrier();
        stage_inputs(place, x_0_4.x, x_0_5.x);
        stage_inputs(place + 2u * STRIDE, x_1_4.x, x_1_5.x);
        stage_inputs(place + 8u * STRIDE, x_2_4.x, x_2_5.x);
        stage_inputs(place + 10u * STRIDE, x_3_4.x, x_3_5.x);
        subgroupBarrier();
        let a_8 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        let a_9 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own + 1u * VECTORS], STRIDE);
        subgroupBarrier();
        stage_inputs(place, x_0_4.y, x_0_5.y);
        stage_inputs(place + 2u * STRIDE, x_1_4.y, x_1_5.y);
        stage_inputs(place + 8u * STRIDE, x_2_4.y, x_2_5.y);
        stage_inputs(place + 10u * STRIDE, x_3_4.y, x_3_5.y);
        subgroupBarrier();
        let a_10 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        let a_11 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own + 1u * VECTORS], STRIDE);
        subgroupBarrier();
        stage_inputs(place, x_0_6.x, x_0_7.x);
        stage_inputs(place + 2u * STRIDE, x_1_6.x, x_1_7.x);
        stage_inputs(place + 8u * STRIDE, x_2_6.x, x_2_7.x);
        stage_inputs(place + 10u * STRIDE, x_3_6.x, x_3_7.x);
        subgroupBarrier();
        let a_12 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        let a_13 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own + 1u * VECTORS], STRIDE);
        subgroupBarrier();
        stage_inputs(place, x_0_6.y, x_0_7.y);
        stage_inputs(place + 2u * STRIDE, x_1_6.y, x_1_7.y);
        stage_inputs(place + 8u * STRIDE, x_2_6.y, x_2_7.y);
        stage_inputs(place + 10u * STRIDE, x_3_6.y, x_3_7.y);
        subgroupBarrier();
        let a_14 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        let a_15 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own + 1u * VECTORS], STRIDE);
        subgroupBarrier();

        // Blocks are dealt to the workgroups one after the other.
        for (var block = workgroup.x; block < blocks; block += workgroups.x) {
            // A lane of the first ones finishes an output of the block. What its sum is added to is on its way.
            let m = thread / SIDE;
            let column = block * SIDE + thread % SIDE;
            let y = params.output_offset + m * params.output_stride + column;
            let stored = m < params.M && column < params.N;
            var total = 0.0;
            if (stored) {
                if (first == 0u) {
                    total = epilogue(0.0, column);
                } else {
                    total = output[y];
                }
            }
            // Columns past the edge repeat the last one; the store drops them. So do blocks past the last.
            let next_n_0 = min((block + workgroups.x) * SIDE + row, params.N - 1u);
            let next_n_1 = min((block + workgroups.x) * SIDE + row + 2u, params.N - 1u);
            let next_n_2 = min((block + workgroups.x) * SIDE + row + 8u, params.N - 1u);
            let next_n_3 = min((block + workgroups.x) * SIDE + row + 10u, params.N - 1u);

            let scale_of_0 = split_scale(next_scale_0);
            let scale_of_1 = split_scale(next_scale_1);
            let scale_of_2 = split_scale(next_scale_2);
            let scale_of_3 = split_scale(next_scale_3);
            next_scale_0 = load_scale(next_n_0, group);
            next_scale_1 = load_scale(next_n_1, group);
            next_scale_2 = load_scale(next_n_2, group);
            next_scale_3 = load_scale(next_n_3, group);
            var sum = coop_mat16x16<f32, C>();
            stage_weights(place, q_0.x, magic, scale_of_0);
            stage_weights(place + 2u * STRIDE, q_1.x, magic, scale_of_1);
            stage_weights(place + 8u * STRIDE, q_2.x, magic, scale_of_2);
            stage_weights(place + 10u * STRIDE, q_3.x, magic, scale_of_3);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_0, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            sum = coopMultiplyAdd(a_1, coopLoad<coop_mat16x16<f16, B>>(&tile[own + 1u * VECTORS], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.x >> 8u, magic, scale_of_0);
            stage_weights(place + 2u * STRIDE, q_1.x >> 8u, magic, scale_of_1);
            stage_weights(place + 8u * STRIDE, q_2.x >> 8u, magic, scale_of_2);
            stage_weights(place + 10u * STRIDE, q_3.x >> 8u, magic, scale_of_3);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_2, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            sum = coopMultiplyAdd(a_3, coopLoad<coop_mat16x16<f16, B>>(&tile[own + 1u * VECTORS], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.y, magic, scale_of_0);
            stage_weights(place + 2u * STRIDE, q_1.y, magic, scale_of_1);
            stage_weights(place + 8u * STRIDE, q_2.y, magic, scale_of_2);
            stage_weights(place + 10u * STRIDE, q_3.y, magic, scale_of_3);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_4, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            sum = coopMultiplyAdd(a_5, coopLoad<coop_mat16x16<f16, B>>(&tile[own + 1u * VECTORS], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.y >> 8u, magic, scale_of_0);
            stage_weights(place + 2u * STRIDE, q_1.y >> 8u, magic, scale_of_1);
            stage_weights(place + 8u * STRIDE, q_2.y >> 8u, magic, scale_of_2);
            stage_weights(place + 10u * STRIDE, q_3.y >> 8u, magic, scale_of_3);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_6, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            sum = coopMultiplyAdd(a_7, coopLoad<coop_mat16x16<f16, B>>(&tile[own + 1u * VECTORS], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.z, magic, scale_of_0);
            stage_weights(place + 2u * STRIDE, q_1.z, magic, scale_of_1);
            stage_weights(place + 8u * STRIDE, q_2.z, magic, scale_of_2);
            stage_weights(place + 10u * STRIDE, q_3.z, magic, scale_of_3);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_8, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            sum = coopMultiplyAdd(a_9, coopLoad<coop_mat16x16<f16, B>>(&tile[own + 1u * VECTORS], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.z >> 8u, magic, scale_of_0);
            stage_weights(place + 2u * STRIDE, q_1.z >> 8u, magic, scale_of_1);
            stage_weights(place + 8u * STRIDE, q_2.z >> 8u, magic, scale_of_2);
            stage_weights(place + 10u * STRIDE, q_3.z >> 8u, magic, scale_of_3);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_10, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            sum = coopMultiplyAdd(a_11, coopLoad<coop_mat16x16<f16, B>>(&tile[own + 1u * VECTORS], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.w, magic, scale_of_0);
            stage_weights(place + 2u * STRIDE, q_1.w, magic, scale_of_1);
            stage_weights(place + 8u * STRIDE, q_2.w, magic, scale_of_2);
            stage_weights(place + 10u * STRIDE, q_3.w, magic, scale_of_3);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_12, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            sum = coopMultiplyAdd(a_13, coopLoad<coop_mat16x16<f16, B>>(&tile[own + 1u * VECTORS], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.w >> 8u, magic, scale_of_0);
            stage_weights(place + 2u * STRIDE, q_1.w >> 8u, magic, scale_of_1);
            stage_weights(place + 8u * STRIDE, q_2.w >> 8u, magic, scale_of_2);
            stage_weights(place + 10u * STRIDE, q_3.w >> 8u, magic, scale_of_3);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_14, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            sum = coopMultiplyAdd(a_15, coopLoad<coop_mat16x16<f16, B>>(&tile[own + 1u * VECTORS], STRIDE), sum);
            subgroupBarrier();
            q_0 = weight[next_n_0 * (params.K / LOAD) + first_word];
            q_1 = weight[next_n_1 * (params.K / LOAD) + first_word];
            q_2 = weight[next_n_2 * (params.K / LOAD) + first_word];
            q_3 = weight[next_n_3 * (params.K / LOAD) + first_word];

            // Everybody has read the sums of the block before.
            workgroupBarrier();
            let sums = sum;
            let own_sums = &partial[subgroup * (SIDE * SIDE)];
            coopStoreT(sums, own_sums, SIDE);
            workgroupBarrier();
            if (stored) {
                for (var other = 0u; other < SUBGROUPS; other++) {
                    total += partial[other * (SIDE * SIDE) + thread];
                }
                output[y] = total;
            }
        }
        // Nobody reads what this stores. Without it, what is loaded ahead would serve only a block that comes, and compilers would begin to load when it has come.
        let last_words = q_0.x ^ q_1.x ^ q_2.x ^ q_3.x;
        let last_scales = next_scale_0 + next_scale_1 + next_scale_2 + next_scale_3;
        stage_weights(place, last_words, magic, split_scale(last_scales));
        // Inputs of the next part of K are staged by other lanes.
        subgroupBarrier();
    }
}
