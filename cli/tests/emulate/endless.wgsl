@group(0) @binding(0) var<storage, read_write> values: array<u32>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
    loop { // fault: endless_loop
        if (values[i] == 7u) { break; }
    }
}
