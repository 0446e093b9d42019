//! dispatch: 1
//! subgroup: 16
//! bind: 0:0 f32[64] ramp
//! bind: 0:1 f32[4] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) within: u32,
    @builtin(subgroup_size) size: u32,
) {
    var sum = input[lane];
    for (var distance = size / 2u; distance > 0u; distance /= 2u) {
        sum += subgroupShuffleXor(sum, distance);
    }
    if (within == 0u) {
        output[subgroup] = sum;
    }
}
