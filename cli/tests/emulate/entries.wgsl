@group(0) @binding(0) var<storage, read_write> result: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<u32>;

@compute @workgroup_size(4)
fn one(@builtin(local_invocation_index) i: u32) {
    result[i] = 1u;
}

@compute @workgroup_size(4)
fn double(@builtin(local_invocation_index) i: u32) {
    result[i] = 2u * input[i];
}
