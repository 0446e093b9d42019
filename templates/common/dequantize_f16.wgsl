{# Dequantisation of q4gsw to f16, two weights at a time. With the scale the product is rounded once, as a product in f32 would be. #}

// Bits above a nibble with which the f16 in either half of a word is 1024 and the nibble.
const MAGIC: u32 = 0x64006400u;

// Weights 0 and 4 of a word, before scaling, whose nibbles q + {{ zero_point }} stand lowest in each half: 1024 + q + {{ zero_point }}, exactly.
fn dequantize_pair(word: u32, magic: u32) -> vec2<f16> {
    return vec2<f16>(unpack2x16float((word & 0x000F000Fu) | magic)) - (1024.0h + {{ zero_point }}.0h);
}

{% include "common/split_scale.wgsl" %}
