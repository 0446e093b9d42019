//! dispatch: 2
//! bind: 0:0 f32[256] ramp
//! bind: 0:1 f32[16] ramp
//! bind: 0:2 f32[16] zeros
//! output: 0:2

// Lanes hold rows; an element of the vector goes through one place of workgroup memory to all of them.
@group(0) @binding(0) var<storage, read> matrix: array<f32>;
@group(0) @binding(1) var<storage, read> vector: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

var<workgroup> element: f32;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(global_invocation_id) id: vec3<u32>) {
    var sum = 0.0;
    for (var k = 0u; k < 16u; k++) {
        if (lane == k % 8u) {
            element = vector[k];
        }
        // The load is a barrier before and after.
        sum += workgroupUniformLoad(&element) * matrix[id.x * 16u + k];
    }
    output[id.x] = sum;
}
