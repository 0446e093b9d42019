// gemv_w128_c8_gx_shared_int8
//
// Persistent GEMV on q4gsw weights and 8-bit inputs, for one row, plus the bias if there is one:
//     output[m, n] = sum over k of input[m, k] * (nibble(n, k) - 8) * scales[k / group_size, n]
//
//   geometry    128 lanes share 8 output columns over K, 32 weights of each at a time
//   input       read anew for every block
//   reduction   a tree in workgroup memory
//   group size  from Params
//   scales      f32 [N, groups]
//   numeric     int8_activations (8-bit inputs by group, integer products, f32 accumulate)
//   serves      M == 1, K % 32 == 0, group_size % 32 == 0
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
@group(0) @binding(3) var<storage, read> scales: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const WEIGHTS_PER_WORD: u32 = 8u;

// Lanes per workgroup.
const WIDTH: u32 = 128u;
// Output columns of a block.
const COLUMNS: u32 = 8u;
// Weights of a column that a lane loads at once: 16 bytes.
const CHUNK: u32 = 4u * WEIGHTS_PER_WORD;
// Lanes that share a column when the sums of all lanes are added up.
const LANES_PER_COLUMN: u32 = WIDTH / COLUMNS;
var<workgroup> lane_sums: array<f32, WIDTH * COLUMNS>;
var<workgroup> column_sums: array<f32, WIDTH>;

// The input of a chunk in 8 bits: of each word the inputs of its even nibbles, then those of the odd ones.
struct Input {
    even_0: u32,
    odd_0: u32,
    even_1: u32,
    odd_1: u32,
    even_2: u32,
    odd_2: u32,
    even_3: u32,
    odd_3: u32,
    // What one step of the 8 bits stands for.
    scale: f32,
    // The sum of all steps, times the zero point.
    offset: i32,
}

// The largest 8-bit input. It stands for the largest input of the chunk.
const LARGEST: f32 = 127.0;

// A chunk of smaller inputs than this counts as zeros: the reciprocal of its step might overflow.
const SMALLEST: f32 = 1.0e-30;

fn prepare_input(low_0: vec4<f32>, high_0: vec4<f32>, low_1: vec4<f32>, high_1: vec4<f32>, low_2: vec4<f32>, high_2: vec4<f32>, low_3: vec4<f32>, high_3: vec4<f32>) -> Input {
    var largest = vec4<f32>();
    largest = max(largest, max(abs(low_0), abs(high_0)));
    largest = max(largest, max(abs(low_1), abs(high_1)));
    largest = max(largest, max(abs(low_2), abs(high_2)));
    largest = max(largest, max(abs(low_3), abs(high_3)));
    let most = max(max(largest.x, largest.y), max(largest.z, largest.w));
    let steps = select(0.0, LARGEST / most, most > SMALLEST);
    var x: Input;
    x.scale = most / LARGEST;
    var sum = vec4<i32>();
    {
        let low = vec4<i32>(round(low_0 * steps));
        let high = vec4<i32>(round(high_0 * steps));
        x.even_0 = pack4xI8(vec4<i32>(low.x, low.z, high.x, high.z));
        x.odd_0 = pack4xI8(vec4<i32>(low.y, low.w, high.y, high.w));
        sum += low + high;
    }
    {
        let low = vec4<i32>(round(low_1 * steps));
        let high = vec4<i32>(round(high_1 * steps));
        x.even_1 = pack4xI8(vec4<i32>(low.x, low.z, high.x, high.z));
        x.odd_1 = pack4xI8(vec4<i32>(low.y, low.w, high.y, high.w));
        sum += low + high;
    }
    {
        let low = vec4<i32>(round(low_2 * steps));
        let high = vec4<i32>(round(high_2 * steps));
        x.even_2 = pack4xI8(vec4<i32>(low.x, low.z, high.x, high.z));
        x.odd_2 = pack4xI8(vec4<i32>(low.y, low.w, high.y, high.w));
        sum += low + high;
    }
    {
        let low = vec4<i32>(round(low_3 * steps));
        let high = vec4<i32>(round(high_3 * steps));
        x.even_3 = pack4xI8(vec4<i32>(low.x, low.z, high.x, high.z));
        x.odd_3 = pack4xI8(vec4<i32>(low.y, low.w, high.y, high.w));
        sum += low + high;
    }
    x.offset = 8 * (sum.x + sum.y + sum.z + sum.w);
    return x;
}

// The inner product of a chunk, before scaling by the weights' scale.
fn dot_chunk(q: vec4<u32>, x: Input) -> f32 {
    var sum = -x.offset;
    sum += dot4I8Packed(q.x & 0x0F0F0F0Fu, x.even_0);
    sum += dot4I8Packed((q.x >> 4u) & 0x0F0F0F0Fu, x.odd_0);
    sum += dot4I8Packed(q.y & 0x0F0F0F0Fu, x.even_1);
    sum += dot4I8Packed((q.y >> 4u) & 0x0F0F0F0Fu, x.odd_1);
    sum += dot4I8Packed(q.z & 0x0F0F0F0Fu, x.even_2);
    sum += dot4I8Packed((q.z >> 4u) & 0x0F0F0F0Fu, x.odd_2);
    sum += dot4I8Packed(q.w & 0x0F0F0F0Fu, x.even_3);
    sum += dot4I8Packed((q.w >> 4u) & 0x0F0F0F0Fu, x.odd_3);
    return f32(sum) * x.scale;
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

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let chunks = params.K / CHUNK;
    let chunks_per_group = params.group_size / CHUNK;
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
            let group = chunk / chunks_per_group;
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
