{# Exact products of a word in f32, without an instruction to convert a number; the input comes scaled by `places`. #}
fn dot_word(word: u32, low: vec4<f32>, high: vec4<f32>, sum: f32) -> f32 {
    {% include "common/magic.wgsl" %}
    let last = word >> 20u;
    var total = sum;
    total = fma(bitcast<f32>((word & 0xFu) | magic) - (TWO_TO_23 + {{ zero_point }}.0), low.x, total);
    total = fma(bitcast<f32>((word & 0xF0u) | magic) - (TWO_TO_23 + {{ zero_point }}.0 * 16.0), low.y, total);
    total = fma(bitcast<f32>((word & 0xF00u) | magic) - (TWO_TO_23 + {{ zero_point }}.0 * 256.0), low.z, total);
    total = fma(bitcast<f32>((word & 0xF000u) | magic) - (TWO_TO_23 + {{ zero_point }}.0 * 4096.0), low.w, total);
    total = fma(bitcast<f32>((word & 0xF0000u) | magic) - (TWO_TO_23 + {{ zero_point }}.0 * 65536.0), high.x, total);
    total = fma(bitcast<f32>((last & 0xFu) | magic) - (TWO_TO_23 + {{ zero_point }}.0), high.y, total);
    total = fma(bitcast<f32>((last & 0xF0u) | magic) - (TWO_TO_23 + {{ zero_point }}.0 * 16.0), high.z, total);
    total = fma(bitcast<f32>((last & 0xF00u) | magic) - (TWO_TO_23 + {{ zero_point }}.0 * 256.0), high.w, total);
    return total;
}
