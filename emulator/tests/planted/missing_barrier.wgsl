//! dispatch: 2
//! bind: 0:0 u32[128] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

var<workgroup> tile: array<u32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
) {
    tile[lane] = id.x * id.x;
    output[id.x] = tile[63u - lane]; // fault: data_race
}
