//! dispatch: 2 2
//! bind: 0:0 u32[256] ramp
//! bind: 0:1 u32[256] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

// Nine columns keep lanes of a column in different banks.
var<workgroup> tile: array<array<u32, 9>, 8>;

@compute @workgroup_size(8, 8)
fn main(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    tile[local.y][local.x] = input[(group.y * 8u + local.y) * 16u + group.x * 8u + local.x];
    workgroupBarrier();
    output[(group.x * 8u + local.y) * 16u + group.y * 8u + local.x] = tile[local.x][local.y];
}
