//! dispatch: 1
//! bind: 0:0 f32[63] ramp
//! bind: 0:1 f32[64] zeros

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    // The guard lets the last lane through.
    if (id.x <= arrayLength(&input)) {
        output[id.x] = 2.0 * input[id.x]; // fault: out_of_bounds
    }
}
