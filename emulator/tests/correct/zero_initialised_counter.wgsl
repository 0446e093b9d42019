//! dispatch: 2
//! zero_init_workgroup
//! bind: 0:0 u32[128] random
//! bind: 0:1 u32[2] zeros
//! output: 0:1

// Relies on WGSL's promise that workgroup memory starts as zero.
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> count: atomic<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    if (input[id.x] > 100u) {
        atomicAdd(&count, 1u);
    }
    workgroupBarrier();
    if (lane == 0u) {
        output[group.x] = atomicLoad(&count);
    }
}
