//! dispatch: 4
//! bind: 0:0 u32[1000] random
//! bind: 0:1 u32[16] zeros

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>, 16>;

var<workgroup> local_counts: array<atomic<u32>, 16>;

@compute @workgroup_size(128)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
) {
    if (lane < 16u) {
        atomicStore(&local_counts[lane], 0u);
    }
    workgroupBarrier();
    for (var i = id.x; i < 1000u; i += 512u) {
        atomicAdd(&local_counts[input[i] / 16u], 1u);
    }
    workgroupBarrier();
    if (lane < 16u) {
        atomicAdd(&counts[lane], atomicLoad(&local_counts[lane]));
    }
}
