{# What a lane puts into the tile of its subgroup: its part of a row of inputs or of a column of weights, in the same order of k. #}

// Inputs rounded to f16, two to a word: half as many words to swap.
fn rounded(x: vec4<f32>) -> vec2<u32> {
    return vec2<u32>(pack2x16float(x.xy), pack2x16float(x.zw));
}

{% include "common/input_pair.wgsl" %}
{% if encoding == "symmetric" %}

// Four of eight inputs in the order in which weights come out of a word: products do not mind the order of k. Two lanes swap what the other one stores.
fn stage_inputs(place: u32, x: vec2<u32>, upper: bool) {
    let other = subgroupShuffleXor(select(x.y, x.x, upper), 1u);
    let first = select(x.x, other, upper);
    let second = select(other, x.y, upper);
    tile[place] = vec4<f16>(input_pair((first & 0xFFFFu) | (second << 16u)), input_pair((first >> 16u) | (second & 0xFFFF0000u)));
}

// The weights of a word, which leave it in pairs: k 0 and 4, 1 and 5, 2 and 6, 3 and 7.
fn stage_weights(place: u32, word: u32, scale: vec2<f16>) {
    let upper = word >> 8u;
    tile[place] = apply_scale(vec4<f16>(low_pair(word & 0x000F000Fu), high_pair(word & 0x00F000F0u)), scale);
    tile[place + 1u] = apply_scale(vec4<f16>(low_pair(upper & 0x000F000Fu), high_pair(upper & 0x00F000F0u)), scale);
}
{% else %}

fn stage_inputs(place: u32, x: vec2<u32>) {
    tile[place] = vec4<f16>(input_pair(x.x), input_pair(x.y));
}

// The weights of a word, made in f32, so that they are rounded once.
{% if affine %}
fn stage_weights(place: u32, word: u32, scale: f32, offset: f32) {
    tile[place] = vec4<f16>(fma(vec4<f32>(scale), dequantize_low(word), vec4<f32>(offset)));
    tile[place + 1u] = vec4<f16>(fma(vec4<f32>(scale), dequantize_high(word), vec4<f32>(offset)));
}
{% else %}
fn stage_weights(place: u32, word: u32, scale: f32) {
    tile[place] = vec4<f16>(scale * dequantize_low(word));
    tile[place + 1u] = vec4<f16>(scale * dequantize_high(word));
}
{% endif %}
{% endif %}
