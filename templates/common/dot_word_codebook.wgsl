{# Products of a word with levels of a codebook, in f32. #}
fn dot_word(word: u32, low: vec4<f32>, high: vec4<f32>, sum: f32) -> f32 {
    var total = sum;
    total = fma(levels[word & 15u], low.x, total);
    total = fma(levels[(word >> 4u) & 15u], low.y, total);
    total = fma(levels[(word >> 8u) & 15u], low.z, total);
    total = fma(levels[(word >> 12u) & 15u], low.w, total);
    total = fma(levels[(word >> 16u) & 15u], high.x, total);
    total = fma(levels[(word >> 20u) & 15u], high.y, total);
    total = fma(levels[(word >> 24u) & 15u], high.z, total);
    total = fma(levels[word >> 28u], high.w, total);
    return total;
}
