//! dispatch: 1
//! loop_limit: 1000
//! bind: 0:0 u32[8] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) lane: u32) {
    // Halving 1 gives 0, and 0 never gets past the bound.
    var stride = 8u;
    while (stride < 64u) { // fault: endless_loop
        stride /= 2u;
    }
    output[lane] = stride;
}
