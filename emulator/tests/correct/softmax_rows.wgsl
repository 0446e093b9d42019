//! dispatch: 4
//! subgroup: 32
//! bind: 0:0 f32[128] random
//! bind: 0:1 f32[128] zeros
//! output: 0:1

// One row of 32 for each workgroup, one subgroup for each row.
@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = input[id.x] / 32.0;
    let e = exp(x - subgroupMax(x));
    output[id.x] = e / subgroupAdd(e);
}
