// One column for a workgroup, its lanes over K.

var<workgroup> partial: array<f32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_id) invocation: vec3<u32>,
) {
    let lane = invocation.x;
    let words = params.K / WEIGHTS_PER_WORD;
    let row_words = params.K_packed / 4u;
    let outputs = params.M * params.N;
    for (var index = workgroup.x; index < outputs; index += workgroups.x) {
        let m = index / params.N;
        let n = index % params.N;
        let x = params.input_offset + m * params.K;
        let row = n * row_words;

        var sum = 0.0;
        for (var word = lane; word < words; word += WIDTH) {
            let k = word * WEIGHTS_PER_WORD;
            let first = x + k;
            let q = weight[row + word];
            let scale = scales[k / params.group_size * params.padded_N + n];
            // Two weights a byte.
            for (var i = 0u; i < WEIGHTS_PER_WORD / 2u; i++) {
                let pair = q >> (8u * i);
                let even = input[first + 2u * i];
                let odd = input[first + 2u * i + 1u];
                sum += even * f32(i32(pair & 15u) - ZERO_POINT) * scale;
                sum += odd * f32(i32((pair >> 4u) & 15u) - ZERO_POINT) * scale;
            }
        }

        partial[lane] = sum;
        workgroupBarrier();
        for (var stride = WIDTH / 2u; stride > 0u; stride /= 2u) {
            if (lane < stride) {
                partial[lane] += partial[lane + stride];
            }
            workgroupBarrier();
        }
        if (lane == 0u) {
            var y = partial[0];
            if (params.has_bias != 0u) {
                y += bias[n];
            }
            output[params.output_offset + index] = y;
        }
        // The next round must not overwrite what is still being read.
        workgroupBarrier();
    }
}
