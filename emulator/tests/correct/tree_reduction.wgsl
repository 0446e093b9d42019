//! dispatch: 3
//! bind: 0:0 u32[384] ramp
//! bind: 0:1 u32[3] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> partial: array<u32, 128>;

@compute @workgroup_size(128)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    partial[lane] = input[id.x];
    for (var stride = 64u; stride > 0u; stride /= 2u) {
        workgroupBarrier();
        if (lane < stride) {
            partial[lane] += partial[lane + stride];
        }
    }
    if (lane == 0u) {
        output[group.x] = partial[0];
    }
}
