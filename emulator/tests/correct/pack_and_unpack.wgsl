//! dispatch: 1
//! bind: 0:0 f32[64] ramp
//! bind: 0:1 u32[16] zeros
//! bind: 0:2 f32[16] zeros
//! output: 0:1
//! output: 0:2

@group(0) @binding(0) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) i: u32) {
    let word = pack4xU8(vec4<u32>(input[i]));
    packed[i] = word;
    let back = unpack4xU8(word);
    sums[i] = f32(back.x + back.y + back.z + back.w) + f32(dot4U8Packed(word, 0x01010101u));
}
