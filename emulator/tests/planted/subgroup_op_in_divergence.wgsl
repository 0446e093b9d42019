//! dispatch: 1
//! bind: 0:0 u32[64] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = 0u;
    if (lane % 3u == 0u) {
        sum = subgroupAdd(lane); // fault: divergent_collective
    }
    output[lane] = sum;
}
