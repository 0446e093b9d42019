//! dispatch: 1
//! bind: 0:0 i32[16] ramp
//! bind: 0:1 i32[16] zeros

@group(0) @binding(0) var<storage, read> input: array<i32>;
@group(0) @binding(1) var<storage, read_write> output: array<i32>;

@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) lane: u32) {
    let left = i32(lane) - 1;
    output[lane] = input[lane] - input[left]; // fault: out_of_bounds
}
