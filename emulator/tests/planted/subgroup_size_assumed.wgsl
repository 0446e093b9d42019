//! dispatch: 1
//! subgroup: 16
//! bind: 0:0 f32[64] ones
//! bind: 0:1 f32[1] zeros

// Two subgroups of 32 are assumed; the device has four of 16, of which two write over the end.
@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

var<workgroup> sums: array<f32, 2>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) within: u32,
) {
    let sum = subgroupAdd(input[lane]);
    if (within == 0u) {
        sums[subgroup] = sum; // fault: out_of_bounds
    }
    workgroupBarrier();
    if (lane == 0u) {
        output[0] = sums[0] + sums[1];
    }
}
