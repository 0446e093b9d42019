// f16 arithmetic, rounded after every operation.
enable f16;

@group(0) @binding(0) var<storage, read_write> y: array<f16>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var a = vec4<f16>(f16(id.x % 64u) / 64.0h);
    for (var i = 0; i < 64; i++) {
        a = a * a * 0.5h + 0.25h;
        a = fma(a, a, vec4(0.125h));
    }
    y[id.x] = a.x + a.y + a.z + a.w;
}
