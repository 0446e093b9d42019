//! dispatch: 1
//! require_initialized_variables
//! bind: 0:0 u32[8] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) lane: u32) {
    var best: u32;
    if (lane != 5u) {
        best = lane;
    }
    output[lane] = best; // fault: uninitialized_read
}
