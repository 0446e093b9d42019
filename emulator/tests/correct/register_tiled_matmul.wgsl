//! dispatch: 1
//! bind: 0:0 f32[256] random
//! bind: 0:1 f32[256] random
//! bind: 0:2 f32[256] zeros
//! output: 0:2

// 16 x 16, each of 16 lanes computes 4 x 4 in registers.
@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>>;

@compute @workgroup_size(4, 4)
fn main(@builtin(local_invocation_id) id: vec3<u32>) {
    var sums: array<vec4<f32>, 4>;
    for (var k4 = 0u; k4 < 4u; k4++) {
        for (var row = 0u; row < 4u; row++) {
            let left = a[(id.y * 4u + row) * 4u + k4];
            for (var k = 0u; k < 4u; k++) {
                sums[row] = fma(vec4(left[k]), b[(k4 * 4u + k) * 4u + id.x], sums[row]);
            }
        }
    }
    for (var row = 0u; row < 4u; row++) {
        c[(id.y * 4u + row) * 4u + id.x] = sums[row];
    }
}
