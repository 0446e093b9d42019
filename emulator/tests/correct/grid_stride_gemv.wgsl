//! dispatch: 2
//! bind: 0:0 f32[64] ramp
//! bind: 0:1 f32[448] random
//! bind: 0:2 f32[7] zeros
//! output: 0:2

// One output row per iteration; the trailing barrier protects `partial`.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var row = group.x; row < 7u; row += groups.x) {
        partial[lane] = x[lane] * weights[row * 64u + lane];
        workgroupBarrier();
        for (var stride = 32u; stride > 0u; stride >>= 1u) {
            if (lane < stride) {
                partial[lane] += partial[lane + stride];
            }
            workgroupBarrier();
        }
        if (lane == 0u) {
            y[row] = partial[0];
        }
        workgroupBarrier();
    }
}
