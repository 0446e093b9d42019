//! dispatch: 2
//! subgroup: 16
//! bind: 0:0 u32[128] zeros
//! output: 0:0

// Whole subgroups take different ways, which subgroup operations allow.
@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
) {
    var result = 0u;
    if (subgroup % 2u == 0u) {
        result = subgroupAdd(1u);
    } else {
        for (var i = 0u; i < subgroup; i++) {
            result += subgroupMax(i);
        }
    }
    output[id.x] = result;
}
