// A uniform struct of several types.
struct Params {
    count: u32,
    scale: f32,
    step: i32,
    first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(1) @binding(3) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    if (i < params.count) {
        result[i] = f32(i32(params.first) + i32(i) * params.step) * params.scale;
    }
}
