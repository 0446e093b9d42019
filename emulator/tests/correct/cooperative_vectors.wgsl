//! dispatch: 2 2
//! subgroup: 32
//! bind: 0:0 f16[512] random
//! bind: 0:1 f16[512] random
//! bind: 0:2 f32[256] zeros
//! output: 0:2

enable f16;
enable wgpu_cooperative_matrix;

// 16 x 32 times 32 x 16 in tiles of 8 x 8, through vectors: strides count those. The left factor lies by rows, the right one by columns.
@group(0) @binding(0) var<storage, read> a: array<vec4<f16>>;
@group(0) @binding(1) var<storage, read> b: array<vec2<f16>>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) tile: vec3<u32>) {
    var sum = coop_mat8x8<f32, C>();
    for (var k = 0u; k < 32u; k += 8u) {
        let left = coopLoadT<coop_mat8x8<f16, A>>(&a[(tile.y * 8u * 32u + k) / 4u], 32u / 4u);
        let right = coopLoad<coop_mat8x8<f16, B>>(&b[(tile.x * 8u * 32u + k) / 2u], 32u / 2u);
        sum = coopMultiplyAdd(left, right, sum);
    }
    coopStoreT(sum, &c[tile.y * 8u * 16u + tile.x * 8u], 16u);
}
