//! dispatch: 2
//! bind: 0:0 f32[512] ramp
//! bind: 0:1 f32[8] zeros
//! output: 0:1

// One row of 64 per iteration, workgroups stride over the rows. The barrier at the end of the loop is missing, so that
// fast lanes overwrite what slow lanes still read.
@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

var<workgroup> row: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var i = group.x; i < 8u; i += groups.x) {
        row[lane] = input[i * 64u + lane]; // fault: data_race
        workgroupBarrier();
        if (lane == 0u) {
            var sum = 0.0;
            for (var k = 0u; k < 64u; k++) {
                sum += row[k];
            }
            output[i] = sum;
        }
    }
}
