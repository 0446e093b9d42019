// Reads `data` once, as fast as the device can: what the kernels are held against.

@group(0) @binding(0) var<storage, read> data: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

const LANES = 256u;

@compute @workgroup_size(LANES)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
) {
    let stride = workgroups.x * LANES;
    let length = arrayLength(&data);
    var sum = vec4<u32>();
    var index = id.x;
    // Four loads are under way at once.
    while index + 3u * stride < length {
        sum += data[index] + data[index + stride] + data[index + 2u * stride] + data[index + 3u * stride];
        index += 4u * stride;
    }
    while index < length {
        sum += data[index];
        index += stride;
    }
    // What is never used would never be read.
    sums[id.x] = sum.x + sum.y + sum.z + sum.w;
}
