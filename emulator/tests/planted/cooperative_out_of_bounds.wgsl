//! dispatch: 1
//! bind: 0:0 f32[60] ramp
//! bind: 0:1 f32[64] zeros

enable wgpu_cooperative_matrix;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(32)
fn main() {
    let tile = coopLoadT<coop_mat8x8<f32, C>>(&a[0], 8u); // fault: out_of_bounds
    coopStoreT(tile, &c[0], 8u);
}
