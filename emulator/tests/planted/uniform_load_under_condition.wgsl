//! dispatch: 1
//! bind: 0:0 u32[64] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

var<workgroup> total: u32;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    if (lane == 0u) {
        total = 5u;
    }
    if (lane % 2u == 0u) {
        output[lane] = workgroupUniformLoad(&total); // fault: divergent_barrier
    }
}
