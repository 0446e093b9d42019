{# What a lane puts into the tile of its subgroup: four inputs of a row or as many weights of a column, in the same order of k. #}

// Inputs rounded to f16, two to a word: half as many words to swap.
fn rounded(x: vec4<f32>) -> vec2<u32> {
    return vec2<u32>(pack2x16float(x.xy), pack2x16float(x.zw));
}

// A step of a transposition: lanes whose numbers differ by a bit swap the second quad of the one for the first of the other.
fn swap_quads(first: ptr<function, vec2<u32>>, second: ptr<function, vec2<u32>>, lane: u32, bit: u32) {
    let upper = (lane & bit) != 0u;
    let other = subgroupShuffleXor(select(*second, *first, upper), bit);
    *first = select(*first, other, upper);
    *second = select(other, *second, upper);
}

{% include "common/input_pair.wgsl" %}
{% if encoding == "symmetric" %}

// Of eight neighbours two pairs in the order in which weights come out of a word, 0 and 4, 1 and 5: products do not mind the order of k.
fn stage_inputs(place: u32, lower: u32, upper: u32) {
    tile[place] = vec4<f16>(input_pair((lower & 0xFFFFu) | (upper << 16u)), input_pair((lower >> 16u) | (upper & 0xFFFF0000u)));
}

// Weights 1 and 5, whose nibbles stand next to the lowest: 1024 + 16 (q + {{ zero_point }}), of which a sixteenth is exact as well. That takes the place of a shift.
fn dequantize_next_pair(word: u32, magic: u32) -> vec2<f16> {
    return fma(vec2<f16>(unpack2x16float((word & 0x00F000F0u) | magic)), vec2<f16>(0.0625h), vec2<f16>(-(64.0h + {{ zero_point }}.0h)));
}

// Weights 0, 4, 1 and 5 of a word.
fn stage_weights(place: u32, word: u32, magic: u32, scale: vec2<f16>) {
    tile[place] = apply_scale(vec4<f16>(dequantize_pair(word, magic), dequantize_next_pair(word, magic)), scale);
}
{% else %}

fn stage_inputs(place: u32, x: vec2<u32>) {
    tile[place] = vec4<f16>(input_pair(x.x), input_pair(x.y));
}

// Weights are made in f32, so that they are rounded once.
{% if affine %}
fn stage_weights(place: u32, levels: vec4<f32>, scale: f32, offset: f32) {
    tile[place] = vec4<f16>(fma(vec4<f32>(scale), levels, vec4<f32>(offset)));
}
{% else %}
fn stage_weights(place: u32, levels: vec4<f32>, scale: f32) {
    tile[place] = vec4<f16>(scale * levels);
}
{% endif %}
{% endif %}
