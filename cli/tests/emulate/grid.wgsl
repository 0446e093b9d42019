@group(0) @binding(0) var<storage, read_write> ids: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
    ids[id.x + count.x * (id.y + count.y * id.z)] = id.x + 10u * id.y + 100u * id.z;
}
