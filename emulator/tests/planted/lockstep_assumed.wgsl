//! dispatch: 1
//! subgroup: 32
//! bind: 0:0 u32[32] ramp
//! bind: 0:1 u32[1] zeros

// The last steps of a reduction without barriers, as if a subgroup ordered its own accesses.
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> sums: array<u32, 32>;

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) lane: u32) {
    sums[lane] = input[lane];
    subgroupBarrier();
    let other = sums[lane ^ 16u];
    sums[lane] += other; // fault: data_race
    subgroupBarrier();
    if (lane == 0u) {
        output[0] = sums[0];
    }
}
