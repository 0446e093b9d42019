{# Dequantisation of q4gsw to f16, without shifts of single nibbles: each becomes the mantissa of a float where it stands. #}

// Weights 0 to 3 of a word. Nibble i, which holds q + {{ zero_point }}, makes 2^23 + 16^i (q + {{ zero_point }}) where it stands in the mantissa; the product of the
// difference with scale / 16^i is q * scale{% if affine %}, to which the offset of the group is added{% endif %}, and is rounded to f16 at the end.
fn dequantize(word: u32, scales: vec4<f32>{% if affine %}, offset: f32{% endif %}) -> vec4<f16> {
    let bits = (vec4<u32>(word) & vec4<u32>({% for nibble in nibbles %}{{ nibble.mask }}u{% if not loop.last %}, {% endif %}{% endfor %})) | vec4<u32>({{ magic }}u);
    {% if affine %}
    return vec4<f16>(fma(bitcast<vec4<f32>>(bits) - vec4<f32>({% for nibble in nibbles %}{{ nibble.offset }}.0{% if not loop.last %}, {% endif %}{% endfor %}), scales, vec4<f32>(offset)));
    {% else %}
    return vec4<f16>((bitcast<vec4<f32>>(bits) - vec4<f32>({% for nibble in nibbles %}{{ nibble.offset }}.0{% if not loop.last %}, {% endif %}{% endfor %})) * scales);
    {% endif %}
}

// A scale, divided by the weight of each of the nibbles 0 to 3.
fn scale_by_nibble(scale: f32) -> vec4<f32> {
    return scale * vec4<f32>({% for nibble in nibbles %}1.0 / {{ nibble.weight }}.0{% if not loop.last %}, {% endif %}{% endfor %});
}
