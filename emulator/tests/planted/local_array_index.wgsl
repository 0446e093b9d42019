//! dispatch: 1
//! bind: 0:0 u32[32] zeros

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) lane: u32) {
    var digits: array<u32, 8>;
    var value = lane;
    for (var i = 0u; i <= 8u; i++) {
        digits[i] = value % 10u; // fault: out_of_bounds
        value /= 10u;
    }
    output[lane] = digits[1];
}
