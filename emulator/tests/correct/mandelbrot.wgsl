//! dispatch: 2 2
//! bind: 0:0 u32[256] zeros
//! output: 0:0

// Lanes leave the loop after very different numbers of iterations.
@group(0) @binding(0) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let c = vec2<f32>(f32(id.x) / 8.0 - 1.5, f32(id.y) / 8.0 - 1.0);
    var z = vec2<f32>();
    var n = 0u;
    loop {
        if (n >= 50u || dot(z, z) > 4.0) {
            break;
        }
        z = vec2(z.x * z.x - z.y * z.y, 2.0 * z.x * z.y) + c;
        n++;
    }
    output[id.y * 16u + id.x] = n;
}
