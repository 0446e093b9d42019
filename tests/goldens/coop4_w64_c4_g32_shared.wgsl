// coop4_w64_c4_g32_shared
//
// Cooperative GEMV on q4gsw weights, for one row, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   geometry    64 lanes share 4 output columns over K, 8 weights of each at a time
//   reduction   a tree in workgroup memory
//   group size  32
//   scales      f32 [N, groups]
//   numeric     exact (f32 multiply, f32 accumulate)
//   serves      M == 1, K % 8 == 0, group_size == 32
//   needs       no optional feature
//   dispatch    x = min(ceil(N / 4), limit), striding over blocks of 4 columns

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
@group(0) @binding(2) var<storage, read> weight: array<u32>;
@group(0) @binding(3) var<storage, read> scales: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const WEIGHTS_PER_WORD: u32 = 8u;
const GROUP_SIZE: u32 = 32u;

// Lanes per workgroup.
const WIDTH: u32 = 64u;
// Output columns per workgroup.
const COLUMNS: u32 = 4u;

// The reduction halves the lanes until one is left.
const_assert 0u == (WIDTH & (WIDTH - 1u));
// No group boundary splits a word, so a word has one scale.
const_assert GROUP_SIZE % WEIGHTS_PER_WORD == 0u;

const PARTIALS: u32 = WIDTH;
var<workgroup> partial_0: array<vec4<f32>, PARTIALS>;

// Weights 0 to 3 of a word, before scaling: a nibble holds q + 8, the lowest one the first k.
fn dequantize_low(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u)) - 8.0;
}

// Weights 4 to 7 of a word.
fn dequantize_high(word: u32) -> vec4<f32> {
    return dequantize_low(word >> 16u);
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
) {
    let words = params.K / WEIGHTS_PER_WORD;
    let x = params.input_offset / 4u;
    // Every workgroup strides over the columns, so that any grid serves any N.
    for (var n = workgroup.x * COLUMNS; n < params.N; n += workgroups.x * COLUMNS) {
        let row_0 = n * words;
        // Columns past the edge repeat the last one; the store drops them.
        let row_1 = min(n + 1u, params.N - 1u) * words;
        let row_2 = min(n + 2u, params.N - 1u) * words;
        let row_3 = min(n + 3u, params.N - 1u) * words;

        var sum_0 = vec4<f32>();
        for (var word = lane; word < words; word += WIDTH) {
            let x_low = input[x + 2u * word];
            let x_high = input[x + 2u * word + 1u];
            let q_0 = weight[row_0 + word];
            let q_1 = weight[row_1 + word];
            let q_2 = weight[row_2 + word];
            let q_3 = weight[row_3 + word];
            let group = word / (GROUP_SIZE / WEIGHTS_PER_WORD);
            let scale_0 = vec4<f32>(load_scale(n, group), load_scale(min(n + 1u, params.N - 1u), group), load_scale(min(n + 2u, params.N - 1u), group), load_scale(min(n + 3u, params.N - 1u), group));
            let low_0 = mat4x4<f32>(dequantize_low(q_0), dequantize_low(q_1), dequantize_low(q_2), dequantize_low(q_3));
            let high_0 = mat4x4<f32>(dequantize_high(q_0), dequantize_high(q_1), dequantize_high(q_2), dequantize_high(q_3));
            sum_0 += scale_0 * (x_low * low_0 + x_high * high_0);
        }

        partial_0[lane] = sum_0;
        for (var stride = WIDTH / 2u; stride > 0u; stride /= 2u) {
            workgroupBarrier();
            if (lane < stride) {
                partial_0[lane] += partial_0[lane + stride];
            }
        }
        if (lane == 0u) {
            output[params.output_offset + n] = epilogue(partial_0[0].x, n);
            if (n + 1u < params.N) {
                output[params.output_offset + n + 1u] = epilogue(partial_0[0].y, n + 1u);
            }
            if (n + 2u < params.N) {
                output[params.output_offset + n + 2u] = epilogue(partial_0[0].z, n + 2u);
            }
            if (n + 3u < params.N) {
                output[params.output_offset + n + 3u] = epilogue(partial_0[0].w, n + 3u);
            }
        }
        // The next round must not overwrite sums that are still being read.
        workgroupBarrier();
    }
}
