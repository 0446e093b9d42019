//! dispatch: 1
//! bind: 0:0 f32[16] ramp
//! bind: 0:1 f32[5] zeros

@group(0) @binding(0) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(5)
fn main(@builtin(local_invocation_index) lane: u32) {
    output[lane] = input[0][lane]; // fault: out_of_bounds
}
