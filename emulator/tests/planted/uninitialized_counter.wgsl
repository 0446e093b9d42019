//! dispatch: 1
//! bind: 0:0 u32[64] ramp
//! bind: 0:1 u32[1] zeros

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> count: atomic<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    if (input[lane] % 3u == 0u) {
        atomicAdd(&count, 1u); // fault: uninitialized_read
    }
    workgroupBarrier();
    if (lane == 0u) {
        output[0] = atomicLoad(&count);
    }
}
