//! dispatch: 1
//! bind: 0:0 u32[64] zeros
//! bind: 0:1 u32[64] zeros

@group(0) @binding(0) var<storage, read_write> scratch: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    scratch[lane] = lane;
    // Orders workgroup memory, not storage.
    workgroupBarrier();
    output[lane] = scratch[lane ^ 1u]; // fault: data_race
}
