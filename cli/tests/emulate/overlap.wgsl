// Workgroups of 64 that are only 48 elements apart.
@group(0) @binding(0) var<storage, read_write> result: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) id: vec3<u32>) {
    result[id.x * 48u + i] = id.x;
}
