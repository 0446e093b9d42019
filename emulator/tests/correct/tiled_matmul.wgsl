//! dispatch: 3 2
//! bind: 0:0 f32[320] random
//! bind: 0:1 f32[480] random
//! bind: 0:2 f32[384] zeros
//! output: 0:2

// 16 x 20 times 20 x 24, in tiles of 8 x 8 with a ragged last tile along K.
const m = 16u;
const k = 20u;
const n = 24u;
const tile = 8u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;

var<workgroup> tile_a: array<array<f32, 8>, 8>;
var<workgroup> tile_b: array<array<f32, 8>, 8>;

@compute @workgroup_size(8, 8)
fn main(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(global_invocation_id) id: vec3<u32>,
) {
    var sum = 0.0;
    for (var start = 0u; start < k; start += tile) {
        let ka = start + local.x;
        let kb = start + local.y;
        tile_a[local.y][local.x] = select(0.0, a[id.y * k + min(ka, k - 1u)], ka < k);
        tile_b[local.y][local.x] = select(0.0, b[min(kb, k - 1u) * n + id.x], kb < k);
        workgroupBarrier();
        for (var i = 0u; i < tile; i++) {
            sum += tile_a[local.y][i] * tile_b[i][local.x];
        }
        workgroupBarrier();
    }
    c[id.y * n + id.x] = sum;
}
