//! dispatch: 1
//! bind: 0:0 u32[33] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(33)
fn main(@builtin(local_invocation_index) count: u32) {
    // A mask of `count` ones, for count up to 32.
    output[count] = (1u << count) - 1u; // fault: shift_overflow
}
