//! dispatch: 1
//! bind: 0:0 f32[27] ramp
//! bind: 0:1 f32[9] zeros

// Three groups of nine scales, laid out as if the row length were even.
const n = 9u;
const padded_n = 10u;

@group(0) @binding(0) var<storage, read> scales: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(9)
fn main(@builtin(local_invocation_index) column: u32) {
    var sum = 0.0;
    for (var group = 0u; group < 3u; group++) {
        sum += scales[group * padded_n + column]; // fault: out_of_bounds
    }
    output[column] = sum;
}
