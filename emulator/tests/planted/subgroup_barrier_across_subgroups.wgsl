//! dispatch: 1
//! subgroup: 16
//! bind: 0:0 u32[32] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

var<workgroup> tile: array<u32, 32>;

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) lane: u32) {
    tile[lane] = lane;
    subgroupBarrier();
    output[lane] = tile[31u - lane]; // fault: data_race
}
