//! dispatch: 1
//! subgroup: 32
//! bind: 0:0 f32[64] ramp
//! bind: 0:1 f32[64] zeros

enable wgpu_cooperative_matrix;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(16)
fn main() {
    coopStoreT(coopLoadT<coop_mat8x8<f32, C>>(&a[0], 8u), &c[0], 8u); // fault: divergent_collective
}
