// Two neighbouring columns for a workgroup, its lanes over K: inputs are read once for both.

var<workgroup> partial: array<vec2<f32>, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_id) invocation: vec3<u32>,
) {
    let lane = invocation.x;
    let words = params.K / WEIGHTS_PER_WORD;
    let row_words = params.K_packed / 4u;
    let pairs = (params.N + 1u) / 2u;
    for (var pair = workgroup.x; pair < pairs; pair += workgroups.x) {
        let left = 2u * pair;
        let right = left + 1u;
        // An odd N leaves the last pair with one column.
        let both = right < params.N;
        let row_left = left * row_words;
        let row_right = right * row_words;

        var sum_left = 0.0;
        var sum_right = 0.0;
        for (var word = lane; word < words; word += WIDTH) {
            let k = word * WEIGHTS_PER_WORD;
            let first = params.input_offset + k;
            let group = k / params.group_size * params.padded_N;
            let q_left = weight[row_left + word];
            let scale_left = scales[group + left];
            var q_right = 0u;
            var scale_right = 0.0;
            if (both) {
                q_right = weight[row_right + word];
                scale_right = scales[group + right];
            }
            // Two weights a byte.
            for (var i = 0u; i < WEIGHTS_PER_WORD / 2u; i++) {
                let pair_left = q_left >> (8u * i);
                let pair_right = q_right >> (8u * i);
                let even = input[first + 2u * i];
                let odd = input[first + 2u * i + 1u];
                sum_left += even * f32(i32(pair_left & 15u) - ZERO_POINT) * scale_left;
                sum_left += odd * f32(i32((pair_left >> 4u) & 15u) - ZERO_POINT) * scale_left;
                sum_right += even * f32(i32(pair_right & 15u) - ZERO_POINT) * scale_right;
                sum_right += odd * f32(i32((pair_right >> 4u) & 15u) - ZERO_POINT) * scale_right;
            }
        }

        partial[lane] = vec2<f32>(sum_left, sum_right);
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
                y.x += bias[left];
                if (both) {
                    y.y += bias[right];
                }
            }
            output[params.output_offset + left] = y.x;
            if (both) {
                output[params.output_offset + right] = y.y;
            }
        }
        // The next round must not overwrite what is still being read.
        workgroupBarrier();
    }
}
