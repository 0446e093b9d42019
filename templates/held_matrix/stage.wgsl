{# What a lane puts into the tile of its subgroup: its part of a row of inputs or of a column of weights, in the same order of k. #}
{% if encoding == "symmetric" %}

// Four of eight inputs in the order in which weights come out of a word: products do not mind the order of k. Two lanes swap what the other one stores.
fn stage_inputs(place: u32, x: vec4<f32>, upper: bool) {
    let other = subgroupShuffleXor(select(x.zw, x.xy, upper), 1u);
    tile[place] = vec4<f16>(select(vec4<f32>(x.x, other.x, x.y, other.y), vec4<f32>(other.x, x.z, other.y, x.w), upper));
}

// The weights of a word, which leave it in pairs: k 0 and 4, 1 and 5, 2 and 6, 3 and 7.
fn stage_weights(place: u32, word: u32, scale: vec2<f16>) {
    let upper = word >> 8u;
    tile[place] = apply_scale(vec4<f16>(low_pair(word & 0x000F000Fu), high_pair(word & 0x00F000F0u)), scale);
    tile[place + 1u] = apply_scale(vec4<f16>(low_pair(upper & 0x000F000Fu), high_pair(upper & 0x00F000F0u)), scale);
}
{% else %}

fn stage_inputs(place: u32, x: vec4<f32>) {
    tile[place] = vec4<f16>(x);
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
