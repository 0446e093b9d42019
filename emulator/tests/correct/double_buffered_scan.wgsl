//! dispatch: 2
//! bind: 0:0 u32[128] ramp
//! bind: 0:1 u32[128] zeros
//! output: 0:1

// Two buffers change roles each step, so that one barrier per step is enough.
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> sums: array<array<u32, 64>, 2>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(global_invocation_id) id: vec3<u32>) {
    var now = 0u;
    sums[now][lane] = input[id.x];
    workgroupBarrier();
    for (var stride = 1u; stride < 64u; stride *= 2u) {
        var sum = sums[now][lane];
        if (lane >= stride) {
            sum += sums[now][lane - stride];
        }
        now = 1u - now;
        sums[now][lane] = sum;
        workgroupBarrier();
    }
    output[id.x] = sums[now][lane];
}
