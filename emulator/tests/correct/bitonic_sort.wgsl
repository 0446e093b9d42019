//! dispatch: 1
//! bind: 0:0 u32[128] random

@group(0) @binding(0) var<storage, read_write> data: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    for (var size = 2u; size <= 128u; size *= 2u) {
        for (var distance = size / 2u; distance > 0u; distance /= 2u) {
            let low = lane / distance * distance * 2u + lane % distance;
            let high = low + distance;
            let upwards = (low & size) == 0u;
            let a = data[low];
            let b = data[high];
            if ((a > b) == upwards) {
                data[low] = b;
                data[high] = a;
            }
            storageBarrier();
        }
    }
}
