// Nothing but arithmetic: one buffer access for hundreds of operations.
@group(0) @binding(0) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var a = vec4<f32>(f32(id.x) * 0.001);
    var b = vec4<f32>(1.0, 0.5, 0.25, 0.125);
    for (var i = 0; i < 64; i++) {
        a = a * 0.999 + b;
        b = b * 0.5 + a * 0.25;
    }
    y[id.x] = dot(a, b);
}
