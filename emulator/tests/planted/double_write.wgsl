//! dispatch: 3
//! bind: 0:0 u32[160] zeros
//! output: 0:0

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    // 48 new elements each, but all 64 lanes store.
    output[group.x * 48u + lane] = lane; // fault: double_write
}
