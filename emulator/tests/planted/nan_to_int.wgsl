//! dispatch: 1
//! bind: 0:0 f32[8] zeros
//! bind: 0:1 u32[8] zeros

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) lane: u32) {
    let mean = input[lane] / input[lane];
    output[lane] = u32(mean); // fault: invalid_conversion
}
