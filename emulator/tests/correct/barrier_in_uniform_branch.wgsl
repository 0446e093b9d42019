//! dispatch: 4
//! bind: 0:0 u32[128] zeros
//! output: 0:0

// Workgroups take different ways, each of them as a whole.
@group(0) @binding(0) var<storage, read_write> output: array<u32>;

var<workgroup> tile: array<u32, 32>;

@compute @workgroup_size(32)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(global_invocation_id) id: vec3<u32>,
) {
    if (group.x == 2u) {
        output[id.x] = 5u;
        return;
    }
    for (var i = 0u; i < group.x + 1u; i++) {
        tile[lane] = lane + i;
        workgroupBarrier();
        output[id.x] = tile[31u - lane];
        workgroupBarrier();
    }
}
