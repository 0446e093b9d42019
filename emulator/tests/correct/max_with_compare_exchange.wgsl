//! dispatch: 2
//! bind: 0:0 u32[128] random
//! bind: 0:1 u32[1] zeros

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> largest: atomic<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let value = input[id.x];
    var known = atomicLoad(&largest);
    while (known < value) {
        let result = atomicCompareExchangeWeak(&largest, known, value);
        if (result.exchanged) {
            break;
        }
        known = result.old_value;
    }
}
