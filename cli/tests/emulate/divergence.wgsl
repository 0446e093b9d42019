@group(0) @binding(0) var<storage, read_write> result: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    if (i < 48u) {
        workgroupBarrier(); // fault: divergent_barrier
        result[i] = subgroupAdd(i); // fault: divergent_collective
    }
}
