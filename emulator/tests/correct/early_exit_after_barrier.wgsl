//! dispatch: 2
//! bind: 0:0 u32[100] ramp
//! bind: 0:1 u32[100] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> tile: array<u32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
) {
    let inside = id.x < arrayLength(&input);
    if (inside) {
        tile[lane] = input[id.x];
    } else {
        tile[lane] = 1000u;
    }
    workgroupBarrier();
    if (!inside) {
        return;
    }
    output[id.x] = tile[63u - lane];
}
