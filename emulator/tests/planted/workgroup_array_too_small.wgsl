//! dispatch: 1
//! bind: 0:0 u32[40] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

var<workgroup> tile: array<u32, 32>;

@compute @workgroup_size(40)
fn main(@builtin(local_invocation_index) lane: u32) {
    tile[lane] = lane; // fault: out_of_bounds
    workgroupBarrier();
    output[lane] = tile[(lane + 1u) % 32u];
}
