//! dispatch: 1
//! bind: 0:0 u32[32] random
//! bind: 0:1 f32[256] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) i: u32) {
    let word = words[i] * 0x01234567u;
    for (var n = 0u; n < 8u; n++) {
        output[i * 8u + n] = (f32((word >> (4u * n)) & 15u) - 8.0) * 0.5;
    }
}
