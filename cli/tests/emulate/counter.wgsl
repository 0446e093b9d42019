// Workgroup memory that is never written before it is added to.
@group(0) @binding(0) var<storage, read_write> result: array<u32>;

var<workgroup> counter: atomic<u32>;

@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) i: u32) {
    atomicAdd(&counter, 1u); // fault: uninitialized_read
    workgroupBarrier();
    if (i == 0u) {
        result[0] = atomicLoad(&counter);
    }
}
