// 32-bit words of any type.
@group(0) @binding(0) var<storage, read> from_buffer: array<u32>;
@group(0) @binding(1) var<storage, read_write> to_buffer: array<u32>;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    to_buffer[id.x] = from_buffer[id.x];
}
