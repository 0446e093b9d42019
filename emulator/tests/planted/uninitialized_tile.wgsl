//! dispatch: 1
//! bind: 0:0 f32[60] ramp
//! bind: 0:1 f32[64] zeros

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

var<workgroup> tile: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    // The rest of the tile stays as it is.
    if (lane < arrayLength(&input)) {
        tile[lane] = input[lane];
    }
    workgroupBarrier();
    output[lane] = tile[63u - lane]; // fault: uninitialized_read
}
