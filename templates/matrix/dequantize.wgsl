{# Dequantisation of q4gsw to f16, scale included: the product is rounded once, as a product in f32 would be. #}

// Weights first and first + 4 of a word, before scaling: with these bits above a nibble, which is q + {{ zero_point }}, an f16 is 1024 + q + {{ zero_point }}, exactly.
fn dequantize_pair(word: u32, first: u32) -> vec2<f16> {
    let bits = ((word >> (4u * first)) & 0x000F000Fu) | 0x64006400u;
    return vec2<f16>(unpack2x16float(bits)) - (1024.0h + {{ zero_point }}.0h);
}

{% include "common/split_scale.wgsl" %}
