{# Dequantisation by a codebook, without the scale: a nibble is the number of a level, the lowest nibble the first k. #}

// Weights 0 to 3 of a word, before scaling: a nibble is the number of a level, the lowest one is the first k.
fn dequantize_low(word: u32) -> vec4<f32> {
    let nibbles = (vec4<u32>(word) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u);
    return vec4<f32>(levels[nibbles.x], levels[nibbles.y], levels[nibbles.z], levels[nibbles.w]);
}

// Weights 4 to 7 of a word.
fn dequantize_high(word: u32) -> vec4<f32> {
    return dequantize_low(word >> 16u);
}
