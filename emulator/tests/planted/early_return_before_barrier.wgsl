//! dispatch: 2
//! bind: 0:0 u32[100] ramp
//! bind: 0:1 u32[2] zeros

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> tile: array<u32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    if (id.x >= arrayLength(&input)) {
        return;
    }
    tile[lane] = input[id.x];
    workgroupBarrier(); // fault: divergent_barrier
    if (lane == 0u) {
        output[group.x] = tile[0] + tile[35];
    }
}
