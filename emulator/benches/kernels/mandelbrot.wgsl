// Divergence: neighbouring lanes leave the loop after very different numbers of iterations.
@group(0) @binding(0) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let c = vec2(f32(id.x) / 128.0 - 1.5, f32(id.y) / 128.0 - 1.0);
    var z = vec2<f32>();
    var n = 0u;
    while (n < 200u && dot(z, z) <= 4.0) {
        z = vec2(z.x * z.x - z.y * z.y, 2.0 * z.x * z.y) + c;
        n++;
    }
    y[id.y * 256u + id.x] = n;
}
