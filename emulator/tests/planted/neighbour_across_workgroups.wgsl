//! dispatch: 4
//! bind: 0:0 f32[256] ramp

@group(0) @binding(0) var<storage, read_write> data: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let left = data[max(id.x, 1u) - 1u]; // fault: data_race
    storageBarrier();
    data[id.x] += left;
}
