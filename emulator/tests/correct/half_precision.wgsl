//! dispatch: 1
//! bind: 0:0 f16[64] ramp
//! bind: 0:1 f16[64] zeros
//! output: 0:1

enable f16;

@group(0) @binding(0) var<storage, read> input: array<f16>;
@group(0) @binding(1) var<storage, read_write> output: array<f16>;

// Horner's rule, rounded to f16 after every step.
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    let x = input[i] / 64.0h;
    output[i] = ((0.3h * x + 0.7h) * x - 1.1h) * x + 0.25h;
}
