//! dispatch: 2
//! bind: 0:0 u32[128] ones
//! bind: 0:1 u32[128] zeros
//! output: 0:1

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> ping: array<array<u32, 64>, 2>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(global_invocation_id) id: vec3<u32>,
) {
    var from_buffer = 0u;
    ping[0][lane] = input[id.x] + lane;
    workgroupBarrier();
    for (var distance = 1u; distance < 64u; distance *= 2u) {
        var sum = ping[from_buffer][lane];
        if (lane >= distance) {
            sum += ping[from_buffer][lane - distance];
        }
        from_buffer = 1u - from_buffer;
        ping[from_buffer][lane] = sum;
        workgroupBarrier();
    }
    output[id.x] = ping[from_buffer][lane];
}
