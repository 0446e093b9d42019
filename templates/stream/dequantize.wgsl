{# Weights where they stand in their word, for an input that comes scaled by `places`. #}
// Weights 0 to 3 of a word, before scaling, times 16^place.
fn dequantize_low(word: u32) -> vec4<f32> {
    {% include "common/magic.wgsl" %}
    let bits = (vec4<u32>(word) & vec4<u32>(0xFu, 0xF0u, 0xF00u, 0xF000u)) | vec4<u32>(magic);
    return bitcast<vec4<f32>>(bits) - (TWO_TO_23 + {{ zero_point }}.0 * vec4<f32>(1.0, 16.0, 256.0, 4096.0));
}

// Weights 4 to 7 of a word.
fn dequantize_high(word: u32) -> vec4<f32> {
    {% include "common/magic.wgsl" %}
    let last = word >> 20u;
    let bits = (vec4<u32>(word, last, last, last) & vec4<u32>(0xF0000u, 0xFu, 0xF0u, 0xF00u)) | vec4<u32>(magic);
    return bitcast<vec4<f32>>(bits) - (TWO_TO_23 + {{ zero_point }}.0 * vec4<f32>(65536.0, 1.0, 16.0, 256.0));
}
