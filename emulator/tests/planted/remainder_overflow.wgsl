//! dispatch: 1
//! bind: 0:0 i32[4] -2147483648
//! bind: 0:1 i32[4] -1
//! bind: 0:2 i32[4] zeros

@group(0) @binding(0) var<storage, read> a: array<i32>;
@group(0) @binding(1) var<storage, read> b: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) lane: u32) {
    output[lane] = a[lane] % b[lane]; // fault: division_by_zero
}
