//! dispatch: 2
//! subgroup: 8
//! bind: 0:0 u32[200] ramp
//! bind: 0:1 u32[2] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> partial: array<u32, 32>;

@compute @workgroup_size(100)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) within: u32,
    @builtin(num_subgroups) subgroups: u32,
) {
    let sum = subgroupAdd(input[id.x]);
    if (within == 0u) {
        partial[subgroup] = sum;
    }
    workgroupBarrier();
    if (lane == 0u) {
        var total = 0u;
        for (var i = 0u; i < subgroups; i++) {
            total += partial[i];
        }
        output[group.x] = total;
    }
}
