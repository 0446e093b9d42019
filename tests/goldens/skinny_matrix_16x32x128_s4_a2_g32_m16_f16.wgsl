// skinny_matrix_16x32x128_s4_a2_g32_m16_f16
//
// Cooperative matrices on q4gsw weights, for a few rows, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   tile        16 x 32 outputs, K in steps of 128 in workgroup memory, 2 more in registers
//   subgroups   4 of 32 lanes divide K, in matrices of 16 x 16
//   group size  32
//   scales      f32 [N, groups]
//   numeric     f16_multiply (f16 operands, f32 accumulate)
//   serves      M <= 16, K % 32 == 0, group_size == 32
//   needs       SUBGROUP, COOPERATIVE_MATRIX_16X16, SHADER_F16
//   dispatch    x = min(ceil(N / 32), limit), striding over blocks of 32 columns

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

// Rows and columns of a matrix, which holds all rows of the input.
const SIDE: u32 = 16u;
// Output columns of a workgroup.
const COLUMNS: u32 = 32u;
// Elements of K that are staged at once.
const TILE_K: u32 = 128u;
// Lanes of a subgroup: the host keeps the kernel from devices with others.
const SUBGROUP_SIZE: u32 = 32u;
const SUBGROUPS: u32 = 4u;
const THREADS: u32 = SUBGROUPS * SUBGROUP_SIZE;

// Elements of K that a thread loads of a column at once, and such loads of a column in one step.
const LOAD: u32 = 32u;
const STEP_LOADS: u32 = TILE_K / LOAD;
// Columns that neighbouring threads load: as many as have their staged k in different banks.
const NEIGHBOURS: u32 = 8u;
// Vectors of a row of inputs in one step, and from one staged row to the next: an odd number of 16 bytes, so that the same k of eight
// neighbouring rows fills all banks.
const STEP_VECTORS: u32 = TILE_K / 4u;
const STRIDE: u32 = STEP_VECTORS + 2u;

// Matrices cover the columns, and the subgroups divide those along K evenly.
const_assert COLUMNS % SIDE == 0u && TILE_K % (SIDE * SUBGROUPS) == 0u;
// All threads load the same number of vectors.
const_assert COLUMNS % NEIGHBOURS == 0u && COLUMNS * STEP_LOADS == 1u * THREADS;
const_assert SIDE * STEP_VECTORS == 4u * THREADS;
// No group boundary splits a load, so a load has one scale.
const_assert GROUP_SIZE % LOAD == 0u;

// One step of the rows of inputs and of the workgroup's columns of weights; a vector holds four consecutive k.
var<workgroup> x_tile: array<vec4<f16>, SIDE * STRIDE>;
var<workgroup> w_tile: array<vec4<f16>, COLUMNS * STRIDE>;
// One matrix of sums of each subgroup.
var<workgroup> partial: array<f32, SUBGROUPS * SIDE * SIDE>;

// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * ((params.K + GROUP_SIZE - 1u) / GROUP_SIZE) + group;
    return scales[at];
}

// Inputs k to k + 3 of a row.
fn load_input(row: u32, k: u32) -> vec4<f32> {
    if (row < params.M && k < params.K) {
        return input[(params.input_offset + row * params.K + k) / 4u];
    }
    return vec4<f32>();
}

// Weights k to k + LOAD - 1 of a column.
fn load_weights(n: u32, k: u32) -> vec4<u32> {
    if (k < params.K) {
        return weight[(n * params.K + k) / LOAD];
    }
    return vec4<u32>();
}

// The scale of these weights.
fn scale_of(n: u32, k: u32) -> f32 {
    if (k < params.K) {
        return load_scale(n, k / GROUP_SIZE);
    }
    return 0.0;
}

// Where a vector of a staged row lies. Every second load has its vectors swapped in pairs: of two lanes that store the same part of neighbouring
// loads, one writes the first half of 16 bytes and the other the second, so that sixteen lanes fill all banks. Products do not mind the order
// of k as long as inputs and weights have the same.
fn place_of(row: u32, load: u32, vector: u32) -> u32 {
    return row * STRIDE + load * (LOAD / 4u) + (vector ^ (load & 1u));
}

// Weights 0 to 3 of a word. Nibble i, which holds q + 8, makes 2^23 + 16^i (q + 8) where it stands in the mantissa; the product of the
// difference with scale / 16^i is q * scale, and is rounded to f16 at the end.
fn dequantize(word: u32, scales: vec4<f32>) -> vec4<f16> {
    let bits = (vec4<u32>(word) & vec4<u32>(15u, 240u, 3840u, 61440u)) | vec4<u32>(1258291200u);
    return vec4<f16>((bitcast<vec4<f32>>(bits) - vec4<f32>(8388616.0, 8388736.0, 8390656.0, 8421376.0)) * scales);
}

// A scale, divided by the weight of each of the nibbles 0 to 3.
fn scale_by_nibble(scale: f32) -> vec4<f32> {
    return scale * vec4<f32>(1.0 / 1.0, 1.0 / 16.0, 1.0 / 256.0, 1.0 / 4096.0);
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
) {
    // Which inputs of a step a thread loads: neighbouring threads neighbouring vectors.
    let x_row_0 = thread / STEP_VECTORS;
    let x_vector_0 = thread % STEP_VECTORS;
    let x_row_1 = (thread + 1u * THREADS) / STEP_VECTORS;
    let x_vector_1 = (thread + 1u * THREADS) % STEP_VECTORS;
    let x_row_2 = (thread + 2u * THREADS) / STEP_VECTORS;
    let x_vector_2 = (thread + 2u * THREADS) % STEP_VECTORS;
    let x_row_3 = (thread + 3u * THREADS) / STEP_VECTORS;
    let x_vector_3 = (thread + 3u * THREADS) % STEP_VECTORS;
    // Which weights: of neighbouring columns the same k, then of these columns the next.
    let w_column_0 = thread / (NEIGHBOURS * STEP_LOADS) * NEIGHBOURS + thread % NEIGHBOURS;
    let w_load_0 = thread / NEIGHBOURS % STEP_LOADS;

    // Every workgroup strides over the columns, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
        // Columns past the edge repeat the last one; the store drops them.
        let n_0 = min(n + w_column_0, params.N - 1u);
        var x_0_0 = load_input(x_row_0, 4u * x_vector_0);
        var x_0_1 = load_input(x_row_1, 4u * x_vector_1);
        var x_0_2 = load_input(x_row_2, 4u * x_vector_2);
        var x_0_3 = load_input(x_row_3, 4u * x_vector_3);
        var w_0_0 = load_weights(n_0, LOAD * w_load_0);
        var scale_0_0 = scale_of(n_0, LOAD * w_load_0);
        var x_1_0 = load_input(x_row_0, TILE_K + 4u * x_vector_0);
        var x_1_1 = load_input(x_row_1, TILE_K + 4u * x_vector_1);
        var x_1_2 = load_input(x_row_2, TILE_K + 4u * x_vector_2);
        var x_1_3 = load_input(x_row_3, TILE_K + 4u * x_vector_3);
        var w_1_0 = load_weights(n_0, TILE_K + LOAD * w_load_0);
        var scale_1_0 = scale_of(n_0, TILE_K + LOAD * w_load_0);

        var sum_0 = coop_mat16x16<f32, C>();
        var sum_1 = coop_mat16x16<f32, C>();
        for (var k = 0u; k < params.K; k += 2u * TILE_K) {
            // Everybody has multiplied what lay there before.
            workgroupBarrier();
            x_tile[place_of(x_row_0, x_vector_0 / (LOAD / 4u), x_vector_0 % (LOAD / 4u))] = vec4<f16>(x_0_0);
            x_tile[place_of(x_row_1, x_vector_1 / (LOAD / 4u), x_vector_1 % (LOAD / 4u))] = vec4<f16>(x_0_1);
            x_tile[place_of(x_row_2, x_vector_2 / (LOAD / 4u), x_vector_2 % (LOAD / 4u))] = vec4<f16>(x_0_2);
            x_tile[place_of(x_row_3, x_vector_3 / (LOAD / 4u), x_vector_3 % (LOAD / 4u))] = vec4<f16>(x_0_3);
            {
                let low = place_of(w_column_0, w_load_0, 0u);
                let high = place_of(w_column_0, w_load_0, 1u);
                let scales = scale_by_nibble(scale_0_0);
                w_tile[low] = dequantize(w_0_0.x, scales);
                w_tile[high] = dequantize(w_0_0.x >> 16u, scales);
                w_tile[low + 2u] = dequantize(w_0_0.y, scales);
                w_tile[high + 2u] = dequantize(w_0_0.y >> 16u, scales);
                w_tile[low + 4u] = dequantize(w_0_0.z, scales);
                w_tile[high + 4u] = dequantize(w_0_0.z >> 16u, scales);
                w_tile[low + 6u] = dequantize(w_0_0.w, scales);
                w_tile[high + 6u] = dequantize(w_0_0.w >> 16u, scales);
            }
            workgroupBarrier();
            {
                let next_k = k + 2u * TILE_K;
                x_0_0 = load_input(x_row_0, next_k + 4u * x_vector_0);
                x_0_1 = load_input(x_row_1, next_k + 4u * x_vector_1);
                x_0_2 = load_input(x_row_2, next_k + 4u * x_vector_2);
                x_0_3 = load_input(x_row_3, next_k + 4u * x_vector_3);
                w_0_0 = load_weights(n_0, next_k + LOAD * w_load_0);
                scale_0_0 = scale_of(n_0, next_k + LOAD * w_load_0);
            }
            for (var step = subgroup * (SIDE / 4u); step < STEP_VECTORS; step += SUBGROUPS * (SIDE / 4u)) {
                let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[step], STRIDE);
                sum_0 = coopMultiplyAdd(a, coopLoad<coop_mat16x16<f16, B>>(&w_tile[step], STRIDE), sum_0);
                sum_1 = coopMultiplyAdd(a, coopLoad<coop_mat16x16<f16, B>>(&w_tile[SIDE * STRIDE + step], STRIDE), sum_1);
            }
            // Everybody has multiplied what lay there before.
            workgroupBarrier();
            x_tile[place_of(x_row_0, x_vector_0 / (LOAD / 4u), x_vector_0 % (LOAD / 4u))] = vec4<f16>(x_1_0);
            x_tile[place_of(x_row_1, x_vector_1 / (LOAD / 4u), x_vector_1 % (LOAD / 4u))] = vec4<f16>(x_1_1);
            x_tile[place_of(x_row_2, x_vector_2 / (LOAD / 4u), x_vector_2 % (LOAD / 4u))] = vec4<f16>(x_1_2);
            x_tile[place_of(x_row_3, x_vector_3 / (LOAD / 4u), x_vector_3 % (LOAD / 4u))] = vec4<f16>(x_1_3);
            {
                let low = place_of(w_column_0, w_load_0, 0u);
                let high = place_of(w_column_0, w_load_0, 1u);
                let scales = scale_by_nibble(scale_1_0);
                w_tile[low] = dequantize(w_1_0.x, scales);
                w_tile[high] = dequantize(w_1_0.x >> 16u, scales);
                w_tile[low + 2u] = dequantize(w_1_0.y, scales);
                w_tile[high + 2u] = dequantize(w_1_0.y >> 16u, scales);
                w_tile[low + 4u] = dequantize(w_1_0.z, scales);
                w_tile[high + 4u] = dequantize(w_1_0.z >> 16u, scales);
                w_tile[low + 6u] = dequantize(w_1_0.w, scales);
                w_tile[high + 6u] = dequantize(w_1_0.w >> 16u, scales);
            }
            workgroupBarrier();
            {
                let next_k = k + 3u * TILE_K;
                x_1_0 = load_input(x_row_0, next_k + 4u * x_vector_0);
                x_1_1 = load_input(x_row_1, next_k + 4u * x_vector_1);
                x_1_2 = load_input(x_row_2, next_k + 4u * x_vector_2);
                x_1_3 = load_input(x_row_3, next_k + 4u * x_vector_3);
                w_1_0 = load_weights(n_0, next_k + LOAD * w_load_0);
                scale_1_0 = scale_of(n_0, next_k + LOAD * w_load_0);
            }
            for (var step = subgroup * (SIDE / 4u); step < STEP_VECTORS; step += SUBGROUPS * (SIDE / 4u)) {
                let a = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[step], STRIDE);
                sum_0 = coopMultiplyAdd(a, coopLoad<coop_mat16x16<f16, B>>(&w_tile[step], STRIDE), sum_0);
                sum_1 = coopMultiplyAdd(a, coopLoad<coop_mat16x16<f16, B>>(&w_tile[SIDE * STRIDE + step], STRIDE), sum_1);
            }
        }

        coopStoreT(sum_0, &partial[subgroup * (SIDE * SIDE)], SIDE);
        workgroupBarrier();
        for (var item = thread; item < SIDE * SIDE; item += THREADS) {
            var total = 0.0;
            for (var other = 0u; other < SUBGROUPS; other++) {
                total += partial[other * (SIDE * SIDE) + item];
            }
            let m = item / SIDE;
            let column = n + item % SIDE;
            if (m < params.M && column < params.N) {
                output[params.output_offset + m * params.output_stride + column] = epilogue(total, column);
            }
        }
        // The sums of the matrix before have been read.
        workgroupBarrier();
        coopStoreT(sum_1, &partial[subgroup * (SIDE * SIDE)], SIDE);
        workgroupBarrier();
        for (var item = thread; item < SIDE * SIDE; item += THREADS) {
            var total = 0.0;
            for (var other = 0u; other < SUBGROUPS; other++) {
                total += partial[other * (SIDE * SIDE) + item];
            }
            let m = item / SIDE;
            let column = n + SIDE + item % SIDE;
            if (m < params.M && column < params.N) {
                output[params.output_offset + m * params.output_stride + column] = epilogue(total, column);
            }
        }
    }
}
