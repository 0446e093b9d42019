//! dispatch: 1
//! bind: 0:0 f32[70] ramp
//! bind: 0:1 f32[70] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>; // fault: unwritten_output

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    output[id.x] = input[id.x] + 1.0;
}
