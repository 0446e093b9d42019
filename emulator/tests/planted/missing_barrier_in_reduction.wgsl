//! dispatch: 1
//! bind: 0:0 f32[64] ones
//! bind: 0:1 f32[1] zeros

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    partial[lane] = input[lane];
    workgroupBarrier();
    for (var stride = 32u; stride > 0u; stride /= 2u) {
        if (lane < stride) {
            partial[lane] += partial[lane + stride]; // fault: data_race
        }
    }
    if (lane == 0u) {
        output[0] = partial[0];
    }
}
