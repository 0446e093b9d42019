//! dispatch: 1
//! subgroup: 8
//! bind: 0:0 u32[64] ramp
//! bind: 0:1 u32[64] zeros
//! output: 0:1

// An exclusive scan of a workgroup from scans of its subgroups.
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> totals: array<u32, 16>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) within: u32,
    @builtin(subgroup_size) size: u32,
) {
    let value = input[lane];
    let before = subgroupExclusiveAdd(value);
    if (within == size - 1u) {
        totals[subgroup] = before + value;
    }
    workgroupBarrier();
    var offset = 0u;
    for (var i = 0u; i < subgroup; i++) {
        offset += totals[i];
    }
    output[lane] = offset + before;
}
