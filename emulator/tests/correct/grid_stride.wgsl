//! dispatch: 3
//! bind: 0:0 f32[1000] ramp
//! bind: 0:1 f32[1000] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var i = id.x; i < arrayLength(&input); i += groups.x * 64u) {
        output[i] = input[i] * input[i];
    }
}
