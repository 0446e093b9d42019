// held_matrix_s16_h16_g16_m16_f16_lut_se4m3
//
// Held cooperative matrices on 4-bit weights of a codebook, for a few rows, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * codebook[nibble(n, k)] * scales[k / group_size, n]
//
//   inputs      16 rows in matrices of 16 x 16, K in passes of 4096
//   subgroups   16 of 32 lanes divide K, each holds 16 of the matrices while blocks of 16 columns pass
//   group size  16
//   scales      e4m3 [N, groups]
//   numeric     f16_multiply (f16 operands, f32 accumulate)
//   serves      M <= 16, K % 256 == 0, group_size == 16
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
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
@group(0) @binding(7) var<storage, read> codebook: array<f32, LEVELS>;

const WEIGHTS_PER_WORD: u32 = 8u;
// Levels of the codebook: one for each nibble.
const LEVELS: u32 = 16u;
const GROUP_SIZE: u32 = 16u;

// Rows and columns of a matrix, which holds all rows of the input, and the columns of a block.
const SIDE: u32 = 16u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = 32u;
const SUBGROUPS: u32 = 16u;
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;
// Matrices of inputs that a subgroup holds.
const HELD: u32 = 16u;
// Elements of K that a subgroup holds, and all of them.
const SHARE: u32 = HELD * SIDE;
const PASS: u32 = SUBGROUPS * SHARE;
// Lanes that share a column, and as many spans of the subgroup's part of K, of which they take turns to load.
const PARTS: u32 = SUBGROUP_SIZE / SIDE;
const SPAN: u32 = SHARE / PARTS;
// Lanes that load the inputs of two words' weights, four each.
const QUAD: u32 = 2u * WEIGHTS_PER_WORD / 4u;
// Elements of K that a lane loads of a column at once.
const LOAD: u32 = 32u;
// Vectors of a row of a matrix, and from one row to the next: an odd number of 16 bytes, so that the same part of eight neighbouring rows fills all banks.
const VECTORS: u32 = SIDE / 4u;
const STRIDE: u32 = VECTORS + 2u;

// A word of a lane is its part of one matrix, and its loads are whole.
const_assert SIDE / PARTS == WEIGHTS_PER_WORD && SPAN == 4u * LOAD;
// Lanes side by side share a column, and half of the rows of two matrices of inputs have four lanes each.
const_assert PARTS == 2u && SIDE / 2u * QUAD == SUBGROUP_SIZE;
// Every output of a block has a lane.
const_assert SIDE * SIDE <= THREADS;
// Group boundaries split a load into whole words, 2 parts with a scale each.
const_assert LOAD == 2u * GROUP_SIZE && GROUP_SIZE % WEIGHTS_PER_WORD == 0u;

// A matrix of each subgroup on its way into registers. No other subgroup touches it, so that none waits for others.
var<workgroup> tile: array<vec4<f16>, SUBGROUPS * SIDE * STRIDE>;
// The sums of each subgroup, of a block and of the one before.
var<workgroup> partial: array<f32, 2u * SUBGROUPS * SIDE * SIDE>;

// The value of an E4M3 byte: a sign, an exponent that is biased by 7, and three bits. Where the exponent is zero, these count 512ths: as if they stood
// behind 2^-6, less that. No step is below the normal numbers, which a device may flush to zero.
fn e4m3(byte: vec4<u32>) -> vec4<f32> {
    let size = (byte & vec4<u32>(0x7Fu)) << vec4<u32>(20u);
    let normal = bitcast<vec4<f32>>(size + vec4<u32>(120u << 23u));
    let small = bitcast<vec4<f32>>(size + vec4<u32>(121u << 23u)) - 0.015625;
    let value = select(normal, small, size < vec4<u32>(1u << 23u));
    return select(value, -value, byte >= vec4<u32>(0x80u));
}

// Neighbouring scales, four to a word, the first one in the lowest byte.
fn unpack_scales(word: u32) -> vec4<f32> {
    return e4m3((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(0xFFu));
}

// Vector number `at` of scales.
fn load_scales(at: u32) -> vec4<f32> {
    return unpack_scales(scales[at]);
}

// The levels that nibbles stand for: as many as lanes can look up at once, whichever each of them needs, since every one has a bank of its own.
var<workgroup> levels: array<f32, LEVELS>;

// Weights 0 to 3 of a word, before scaling: a nibble is the number of a level, the lowest one is the first k.
fn dequantize_low(word: u32) -> vec4<f32> {
    let nibbles = (vec4<u32>(word) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u);
    return vec4<f32>(levels[nibbles.x], levels[nibbles.y], levels[nibbles.z], levels[nibbles.w]);
}

// Weights 4 to 7 of a word.
fn dequantize_high(word: u32) -> vec4<f32> {
    return dequantize_low(word >> 16u);
}

// Inputs rounded to f16, two to a word: half as many words to swap.
fn rounded(x: vec4<f32>) -> vec2<u32> {
    return vec2<u32>(pack2x16float(x.xy), pack2x16float(x.zw));
}

// Two inputs of a word. What looks like two conversions is none: compilers see that both forms are the same bits.
fn input_pair(word: u32) -> vec2<f16> {
    return vec2<f16>(unpack2x16float(word));
}

fn stage_inputs(place: u32, x: vec2<u32>) {
    tile[place] = vec4<f16>(input_pair(x.x), input_pair(x.y));
}

// The weights of a word, made in f32, so that they are rounded once.
fn stage_weights(place: u32, word: u32, scale: f32) {
    tile[place] = vec4<f16>(scale * dequantize_low(word));
    tile[place + 1u] = vec4<f16>(scale * dequantize_high(word));
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
    for (var level = thread; level < LEVELS; level += THREADS) {
        levels[level] = codebook[level];
    }
    workgroupBarrier();
    // The row of a matrix that a lane writes, a column of the block, and which part of it. Two lanes side by side share a column, and load neighbours of it: what a
    // load takes is the number of places in memory that its lanes meet in. Every other column, so that what eight lanes write lies in different banks.
    let row = lane / 16u * 8u + lane / PARTS % 4u * 2u + lane / 8u % 2u;
    let part = lane % PARTS;
    let own = subgroup * (SIDE * STRIDE);
    let place = own + row * STRIDE + part * (VECTORS / PARTS);
    let blocks = (params.N + SIDE - 1u) / SIDE;
    var turn = 0u;

    for (var first = 0u; first < params.K; first += PASS) {
        // The subgroup's share. Past the end of K it repeats the last one, whose weights meet zeros there. A lane loads the scales of one span of it.
        let share = first + subgroup * SHARE;
        let weights = min(share, params.K - SHARE);
        let k = weights + part * SPAN;
        // What the lane multiplies of the first block is on its way while the inputs are.
        let first_n = min(workgroup.x * SIDE + row, params.N - 1u);
        let first_words = first_n * (params.K / LOAD) + weights / LOAD + part;
        var q_0 = weight[first_words];
        var q_1 = weight[first_words + 1u * PARTS];
        var q_2 = weight[first_words + 2u * PARTS];
        var q_3 = weight[first_words + 3u * PARTS];
        // A scale for each part of a load of the span, in the order of the spans.
        var next_scale_0 = load_scales(first_n * (params.K / (4u * GROUP_SIZE)) + k / (4u * GROUP_SIZE));
        var next_scale_1 = load_scales(first_n * (params.K / (4u * GROUP_SIZE)) + k / (4u * GROUP_SIZE) + 1u);

        // Four lanes load 16 neighbouring inputs of a row, those of two words: what a load takes is the number of places in memory that its lanes meet in. Half of
        // them have loaded the first word's of two rows, the others the second word's, and they swap one row for the other.
        let x_row = lane / QUAD;
        let upper = (lane & 1u) != 0u;
        let second_word = (lane & 2u) != 0u;
        let x_place = own + (x_row + select(0u, SIDE / 2u, second_word)) * STRIDE + lane % 2u;
        let x_rows = select(0u, params.M, share < params.K);
        let x = (params.input_offset + x_row * params.K + share) / 4u + lane % QUAD;
        let y = x + SIDE / 2u * (params.K / 4u);
        var x_0_0 = vec4<f32>();
        var y_0_0 = vec4<f32>();
        var x_0_1 = vec4<f32>();
        var y_0_1 = vec4<f32>();
        var x_1_0 = vec4<f32>();
        var y_1_0 = vec4<f32>();
        var x_1_1 = vec4<f32>();
        var y_1_1 = vec4<f32>();
        if (x_row < x_rows) {
            x_0_0 = input[x];
            x_0_1 = input[x + LOAD / 4u];
            x_1_0 = input[x + 4u];
            x_1_1 = input[x + 4u + LOAD / 4u];
        }
        if (x_row + SIDE / 2u < x_rows) {
            y_0_0 = input[y];
            y_0_1 = input[y + LOAD / 4u];
            y_1_0 = input[y + 4u];
            y_1_1 = input[y + 4u + LOAD / 4u];
        }
        let near_0_0 = rounded(x_0_0);
        let far_0_0 = rounded(y_0_0);
        let other_0_0 = subgroupShuffleXor(select(far_0_0, near_0_0, second_word), 2u);
        let near_0_1 = rounded(x_0_1);
        let far_0_1 = rounded(y_0_1);
        let other_0_1 = subgroupShuffleXor(select(far_0_1, near_0_1, second_word), 2u);
        stage_inputs(x_place, select(near_0_0, other_0_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(near_0_1, other_0_1, second_word));
        subgroupBarrier();
        let a_0 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        stage_inputs(x_place, select(other_0_0, far_0_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(other_0_1, far_0_1, second_word));
        subgroupBarrier();
        let a_1 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        let near_1_0 = rounded(x_1_0);
        let far_1_0 = rounded(y_1_0);
        let other_1_0 = subgroupShuffleXor(select(far_1_0, near_1_0, second_word), 2u);
        let near_1_1 = rounded(x_1_1);
        let far_1_1 = rounded(y_1_1);
        let other_1_1 = subgroupShuffleXor(select(far_1_1, near_1_1, second_word), 2u);
        stage_inputs(x_place, select(near_1_0, other_1_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(near_1_1, other_1_1, second_word));
        subgroupBarrier();
        let a_2 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        stage_inputs(x_place, select(other_1_0, far_1_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(other_1_1, far_1_1, second_word));
        subgroupBarrier();
        let a_3 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        var x_2_0 = vec4<f32>();
        var y_2_0 = vec4<f32>();
        var x_2_1 = vec4<f32>();
        var y_2_1 = vec4<f32>();
        var x_3_0 = vec4<f32>();
        var y_3_0 = vec4<f32>();
        var x_3_1 = vec4<f32>();
        var y_3_1 = vec4<f32>();
        if (x_row < x_rows) {
            x_2_0 = input[x + 16u];
            x_2_1 = input[x + 16u + LOAD / 4u];
            x_3_0 = input[x + 20u];
            x_3_1 = input[x + 20u + LOAD / 4u];
        }
        if (x_row + SIDE / 2u < x_rows) {
            y_2_0 = input[y + 16u];
            y_2_1 = input[y + 16u + LOAD / 4u];
            y_3_0 = input[y + 20u];
            y_3_1 = input[y + 20u + LOAD / 4u];
        }
        let near_2_0 = rounded(x_2_0);
        let far_2_0 = rounded(y_2_0);
        let other_2_0 = subgroupShuffleXor(select(far_2_0, near_2_0, second_word), 2u);
        let near_2_1 = rounded(x_2_1);
        let far_2_1 = rounded(y_2_1);
        let other_2_1 = subgroupShuffleXor(select(far_2_1, near_2_1, second_word), 2u);
        stage_inputs(x_place, select(near_2_0, other_2_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(near_2_1, other_2_1, second_word));
        subgroupBarrier();
        let a_4 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        stage_inputs(x_place, select(other_2_0, far_2_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(other_2_1, far_2_1, second_word));
        subgroupBarrier();
        let a_5 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        let near_3_0 = rounded(x_3_0);
        let far_3_0 = rounded(y_3_0);
        let other_3_0 = subgroupShuffleXor(select(far_3_0, near_3_0, second_word), 2u);
        let near_3_1 = rounded(x_3_1);
        let far_3_1 = rounded(y_3_1);
        let other_3_1 = subgroupShuffleXor(select(far_3_1, near_3_1, second_word), 2u);
        stage_inputs(x_place, select(near_3_0, other_3_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(near_3_1, other_3_1, second_word));
        subgroupBarrier();
        let a_6 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        stage_inputs(x_place, select(other_3_0, far_3_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(other_3_1, far_3_1, second_word));
        subgroupBarrier();
        let a_7 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        var x_4_0 = vec4<f32>();
        var y_4_0 = vec4<f32>();
        var x_4_1 = vec4<f32>();
        var y_4_1 = vec4<f32>();
        var x_5_0 = vec4<f32>();
        var y_5_0 = vec4<f32>();
        var x_5_1 = vec4<f32>();
        var y_5_1 = vec4<f32>();
        if (x_row < x_rows) {
            x_4_0 = input[x + 32u];
            x_4_1 = input[x + 32u + LOAD / 4u];
            x_5_0 = input[x + 36u];
            x_5_1 = input[x + 36u + LOAD / 4u];
        }
        if (x_row + SIDE / 2u < x_rows) {
            y_4_0 = input[y + 32u];
            y_4_1 = input[y + 32u + LOAD / 4u];
            y_5_0 = input[y + 36u];
            y_5_1 = input[y + 36u + LOAD / 4u];
        }
        let near_4_0 = rounded(x_4_0);
        let far_4_0 = rounded(y_4_0);
        let other_4_0 = subgroupShuffleXor(select(far_4_0, near_4_0, second_word), 2u);
        let near_4_1 = rounded(x_4_1);
        let far_4_1 = rounded(y_4_1);
        let other_4_1 = subgroupShuffleXor(select(far_4_1, near_4_1, second_word), 2u);
        stage_inputs(x_place, select(near_4_0, other_4_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(near_4_1, other_4_1, second_word));
        subgroupBarrier();
        let a_8 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        stage_inputs(x_place, select(other_4_0, far_4_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(other_4_1, far_4_1, second_word));
        subgroupBarrier();
        let a_9 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        let near_5_0 = rounded(x_5_0);
        let far_5_0 = rounded(y_5_0);
        let other_5_0 = subgroupShuffleXor(select(far_5_0, near_5_0, second_word), 2u);
        let near_5_1 = rounded(x_5_1);
        let far_5_1 = rounded(y_5_1);
        let other_5_1 = subgroupShuffleXor(select(far_5_1, near_5_1, second_word), 2u);
        stage_inputs(x_place, select(near_5_0, other_5_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(near_5_1, other_5_1, second_word));
        subgroupBarrier();
        let a_10 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        stage_inputs(x_place, select(other_5_0, far_5_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(other_5_1, far_5_1, second_word));
        subgroupBarrier();
        let a_11 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        var x_6_0 = vec4<f32>();
        var y_6_0 = vec4<f32>();
        var x_6_1 = vec4<f32>();
        var y_6_1 = vec4<f32>();
        var x_7_0 = vec4<f32>();
        var y_7_0 = vec4<f32>();
        var x_7_1 = vec4<f32>();
        var y_7_1 = vec4<f32>();
        if (x_row < x_rows) {
            x_6_0 = input[x + 48u];
            x_6_1 = input[x + 48u + LOAD / 4u];
            x_7_0 = input[x + 52u];
            x_7_1 = input[x + 52u + LOAD / 4u];
        }
        if (x_row + SIDE / 2u < x_rows) {
            y_6_0 = input[y + 48u];
            y_6_1 = input[y + 48u + LOAD / 4u];
            y_7_0 = input[y + 52u];
            y_7_1 = input[y + 52u + LOAD / 4u];
        }
        let near_6_0 = rounded(x_6_0);
        let far_6_0 = rounded(y_6_0);
        let other_6_0 = subgroupShuffleXor(select(far_6_0, near_6_0, second_word), 2u);
        let near_6_1 = rounded(x_6_1);
        let far_6_1 = rounded(y_6_1);
        let other_6_1 = subgroupShuffleXor(select(far_6_1, near_6_1, second_word), 2u);
        stage_inputs(x_place, select(near_6_0, other_6_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(near_6_1, other_6_1, second_word));
        subgroupBarrier();
        let a_12 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        stage_inputs(x_place, select(other_6_0, far_6_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(other_6_1, far_6_1, second_word));
        subgroupBarrier();
        let a_13 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        let near_7_0 = rounded(x_7_0);
        let far_7_0 = rounded(y_7_0);
        let other_7_0 = subgroupShuffleXor(select(far_7_0, near_7_0, second_word), 2u);
        let near_7_1 = rounded(x_7_1);
        let far_7_1 = rounded(y_7_1);
        let other_7_1 = subgroupShuffleXor(select(far_7_1, near_7_1, second_word), 2u);
        stage_inputs(x_place, select(near_7_0, other_7_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(near_7_1, other_7_1, second_word));
        subgroupBarrier();
        let a_14 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
        subgroupBarrier();
        stage_inputs(x_place, select(other_7_0, far_7_0, second_word));
        stage_inputs(x_place + VECTORS / PARTS, select(other_7_1, far_7_1, second_word));
        subgroupBarrier();
        let a_15 = coopLoadT<coop_mat16x16<f16, A>>(&tile[own], STRIDE);
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
            let next_n = min((block + workgroups.x) * SIDE + row, params.N - 1u);
            let next_words = next_n * (params.K / LOAD) + weights / LOAD + part;

            let other_scale_0 = subgroupShuffleXor(select(next_scale_0.z, next_scale_0.x, part == 1u), 1u);
            let scale_0_0 = select(next_scale_0.x, other_scale_0, part == 1u);
            let scale_1_0 = select(other_scale_0, next_scale_0.z, part == 1u);
            let other_scale_1 = subgroupShuffleXor(select(next_scale_0.w, next_scale_0.y, part == 1u), 1u);
            let scale_0_1 = select(next_scale_0.y, other_scale_1, part == 1u);
            let scale_1_1 = select(other_scale_1, next_scale_0.w, part == 1u);
            let other_scale_2 = subgroupShuffleXor(select(next_scale_1.z, next_scale_1.x, part == 1u), 1u);
            let scale_0_2 = select(next_scale_1.x, other_scale_2, part == 1u);
            let scale_1_2 = select(other_scale_2, next_scale_1.z, part == 1u);
            let other_scale_3 = subgroupShuffleXor(select(next_scale_1.w, next_scale_1.y, part == 1u), 1u);
            let scale_0_3 = select(next_scale_1.y, other_scale_3, part == 1u);
            let scale_1_3 = select(other_scale_3, next_scale_1.w, part == 1u);
            let scale_of_0_0 = scale_0_0;
            let scale_of_0_1 = scale_0_1;
            let scale_of_1_0 = scale_0_2;
            let scale_of_1_1 = scale_0_3;
            let scale_of_2_0 = scale_1_0;
            let scale_of_2_1 = scale_1_1;
            let scale_of_3_0 = scale_1_2;
            let scale_of_3_1 = scale_1_3;
            // A scale for each part of a load of the span, in the order of the spans.
            next_scale_0 = load_scales(next_n * (params.K / (4u * GROUP_SIZE)) + k / (4u * GROUP_SIZE));
            next_scale_1 = load_scales(next_n * (params.K / (4u * GROUP_SIZE)) + k / (4u * GROUP_SIZE) + 1u);
            var sum = coop_mat16x16<f32, C>();
            stage_weights(place, q_0.x, scale_of_0_0);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_0, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.y, scale_of_0_0);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_1, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.z, scale_of_0_1);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_2, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_0.w, scale_of_0_1);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_3, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            q_0 = weight[next_words];
            stage_weights(place, q_1.x, scale_of_1_0);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_4, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_1.y, scale_of_1_0);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_5, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_1.z, scale_of_1_1);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_6, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_1.w, scale_of_1_1);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_7, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            q_1 = weight[next_words + 1u * PARTS];
            stage_weights(place, q_2.x, scale_of_2_0);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_8, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_2.y, scale_of_2_0);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_9, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_2.z, scale_of_2_1);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_10, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_2.w, scale_of_2_1);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_11, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            q_2 = weight[next_words + 2u * PARTS];
            stage_weights(place, q_3.x, scale_of_3_0);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_12, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_3.y, scale_of_3_0);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_13, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_3.z, scale_of_3_1);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_14, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            stage_weights(place, q_3.w, scale_of_3_1);
            subgroupBarrier();
            sum = coopMultiplyAdd(a_15, coopLoad<coop_mat16x16<f16, B>>(&tile[own], STRIDE), sum);
            subgroupBarrier();
            q_3 = weight[next_words + 3u * PARTS];

            let first_sum = turn * (SUBGROUPS * SIDE * SIDE);
            let sums = sum;
            let own_sums = &partial[first_sum + subgroup * (SIDE * SIDE)];
            coopStoreT(sums, own_sums, SIDE);
            workgroupBarrier();
            if (stored) {
                for (var other = 0u; other < SUBGROUPS; other++) {
                    total += partial[first_sum + other * (SIDE * SIDE) + thread];
                }
                output[y] = total;
            }
            turn = 1u - turn;
        }
        // Nobody reads what this stores. Without it, what is loaded ahead would serve only a block that comes, and compilers would begin to load when it has come.
        stage_weights(
            place,
            q_0.x ^ q_1.x ^ q_2.x ^ q_3.x,
            next_scale_0.x + next_scale_0.z + next_scale_0.y + next_scale_0.w + next_scale_1.x + next_scale_1.z + next_scale_1.y + next_scale_1.w,
        );
        // Inputs of the next part of K are staged by other lanes.
        subgroupBarrier();
    }
}
