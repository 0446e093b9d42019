@group(0) @binding(0) var<storage, read_write> values: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    let quotient = 1000u / i; // fault: division_by_zero
    let shifted = 1u << i; // fault: shift_overflow
    let converted = u32(-1.0 - f32(i)); // fault: invalid_conversion
    values[i] = quotient + shifted + converted;
}
