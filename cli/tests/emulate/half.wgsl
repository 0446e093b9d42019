enable f16;

@group(0) @binding(0) var<storage, read_write> values: array<f16>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
    values[i] = values[i] * 2.0h;
}
