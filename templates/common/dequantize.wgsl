{# Dequantisation of q4gsw, without the scale: a nibble is q + {{ zero_point }}, the lowest nibble the first k. #}

// Weights 0 to 3 of a word, before scaling: a nibble holds q + {{ zero_point }}, the lowest one the first k.
fn dequantize_low(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u)) - {{ zero_point }}.0;
}

// Weights 4 to 7 of a word.
fn dequantize_high(word: u32) -> vec4<f32> {
    return dequantize_low(word >> 16u);
}
