override TILE: u32;
@id(7) override SCALE: f32;
override NEGATE: bool = false;
override UNUSED: i32;

@group(0) @binding(0) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(TILE)
fn main(@builtin(local_invocation_index) i: u32) {
    let value = f32(i) * SCALE;
    result[i] = select(value, -value, NEGATE);
}
