// Four-bit weights in words of eight, one output column for each workgroup, partial sums in workgroup memory.
struct Params { k: u32, n: u32, group_size: u32 }

@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<u32>;
@group(0) @binding(3) var<storage, read> scales: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let words = params.k / 8u;
    let column = group.x;
    var sum = 0.0;
    for (var i = lane; i < words; i += 64u) {
        let word = weights[column * words + i];
        let scale = scales[(i * 8u / params.group_size) * params.n + column];
        let low = vec4<f32>(vec4(word, word >> 8u, word >> 16u, word >> 24u) & vec4(15u)) - 8.0;
        let high = vec4<f32>(vec4(word >> 4u, word >> 12u, word >> 20u, word >> 28u) & vec4(15u)) - 8.0;
        let first = x[i * 2u];
        let second = x[i * 2u + 1u];
        let even = vec4(first.xz, second.xz);
        let odd = vec4(first.yw, second.yw);
        sum += scale * (dot(low, even) + dot(high, odd));
    }
    partial[lane] = sum;
    workgroupBarrier();
    for (var stride = 32u; stride > 0u; stride >>= 1u) {
        if (lane < stride) {
            partial[lane] += partial[lane + stride];
        }
        workgroupBarrier();
    }
    if (lane == 0u) {
        y[column] = partial[0];
    }
}
