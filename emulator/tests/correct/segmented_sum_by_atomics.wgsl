//! dispatch: 3
//! bind: 0:0 u32[192] ramp
//! bind: 0:1 u32[5] zeros
//! output: 0:1

// Workgroups gather into workgroup atomics and then into the same storage atomics: many writers, no race.
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<atomic<u32>>;

var<workgroup> local: array<atomic<u32>, 5>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(global_invocation_id) id: vec3<u32>) {
    if (lane < 5u) {
        atomicStore(&local[lane], 0u);
    }
    workgroupBarrier();
    atomicAdd(&local[id.x % 5u], input[id.x]);
    workgroupBarrier();
    if (lane < 5u) {
        atomicAdd(&sums[lane], atomicLoad(&local[lane]));
    }
}
