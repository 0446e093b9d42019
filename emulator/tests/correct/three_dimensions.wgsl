//! dispatch: 2 3 2
//! bind: 0:0 u32[288] zeros
//! output: 0:0

@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(3, 4, 2)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let size = groups * vec3(3u, 4u, 2u);
    let consistent = lane == local.x + 3u * (local.y + 4u * local.z);
    output[id.x + size.x * (id.y + size.y * id.z)] = select(0u, id.x + 100u * id.y + 10000u * id.z, consistent);
}
