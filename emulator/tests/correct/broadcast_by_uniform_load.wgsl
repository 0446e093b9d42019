//! dispatch: 2
//! bind: 0:0 u32[128] random
//! bind: 0:1 u32[128] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> limit: u32;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
) {
    if (lane == 7u) {
        limit = input[id.x] % 5u + 1u;
    }
    var sum = 0u;
    // The bound is the same for all lanes, so that the barrier in the loop is uniform.
    for (var i = 0u; i < workgroupUniformLoad(&limit); i++) {
        sum += lane * i;
    }
    output[id.x] = sum;
}
