var<immediate> offset: vec2<u32>;
@group(0) @binding(0) var<storage, read_write> result: array<u32>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
    result[i] = i * offset.x + offset.y;
}
