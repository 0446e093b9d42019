{# One step of a reduction that leaves each lane only the sums that it finishes. #}

// Two lanes, `mask` apart, divide two sums: the upper one finishes `high`, the other one `low`.
fn exchange(low: vec4<f32>, high: vec4<f32>, upper: bool, mask: u32) -> vec4<f32> {
    return select(low, high, upper) + subgroupShuffleXor(select(high, low, upper), mask);
}
