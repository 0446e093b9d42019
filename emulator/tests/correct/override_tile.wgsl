//! dispatch: 2
//! override: tile = 48
//! override: 7 = 3
//! bind: 0:0 u32[96] ramp
//! bind: 0:1 u32[96] zeros
//! output: 0:1

override tile: u32 = 16u;
@id(7) override factor: u32;
override doubled = factor * 2u;

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> shared_tile: array<u32, tile>;

@compute @workgroup_size(tile)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
) {
    shared_tile[lane] = input[id.x] * doubled;
    workgroupBarrier();
    output[id.x] = shared_tile[tile - 1u - lane];
}
