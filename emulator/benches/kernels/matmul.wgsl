// 32 x 32 tiles, 64 lanes with 4 x 4 sums each, tiles of both matrices in workgroup memory.
struct Params { m: u32, k: u32, n: u32 }

@group(0) @binding(0) var<storage, read_write> c: array<f32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> tile_a: array<f32, 512>;
var<workgroup> tile_b: array<f32, 512>;

@compute @workgroup_size(8, 8)
fn main(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let row = group.y * 32u;
    let column = group.x * 32u;
    var sums: array<vec4<f32>, 4>;
    for (var start = 0u; start < params.k; start += 16u) {
        for (var i = lane; i < 512u; i += 64u) {
            tile_a[i] = a[(row + i / 16u) * params.k + start + i % 16u];
            tile_b[i] = b[(start + i / 32u) * params.n + column + i % 32u];
        }
        workgroupBarrier();
        for (var k = 0u; k < 16u; k++) {
            let right = vec4(
                tile_b[k * 32u + local.x],
                tile_b[k * 32u + local.x + 8u],
                tile_b[k * 32u + local.x + 16u],
                tile_b[k * 32u + local.x + 24u],
            );
            sums[0] += tile_a[(local.y * 4u) * 16u + k] * right;
            sums[1] += tile_a[(local.y * 4u + 1u) * 16u + k] * right;
            sums[2] += tile_a[(local.y * 4u + 2u) * 16u + k] * right;
            sums[3] += tile_a[(local.y * 4u + 3u) * 16u + k] * right;
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < 4u; j++) {
            c[(row + local.y * 4u + i) * params.n + column + local.x + j * 8u] = sums[i][j];
        }
    }
}
