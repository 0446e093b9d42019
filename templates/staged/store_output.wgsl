{# Stores one output. #}

// Stores the output of a row that may not exist and a column that does.
fn store(m: u32, n: u32, sum: f32) {
    if (m < params.M) {
        output[params.output_offset + m * params.output_stride + n] = {% if bias == "never" %}sum{% else %}epilogue(sum, n){% endif %};
    }
}
