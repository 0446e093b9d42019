//! dispatch: 1
//! bind: 0:0 u32[32] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = 0u;
    for (var i = 0u; i < lane; i++) {
        sum += i;
        storageBarrier(); // fault: divergent_barrier
    }
    output[lane] = sum;
}
