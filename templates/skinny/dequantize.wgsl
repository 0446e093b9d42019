{# Dequantisation of four columns at once, without shifts: a nibble becomes the mantissa of a float where it stands. #}

// Weights 0 to 3 of a word of four columns, one vector of columns for each k. Nibble i, which holds q + {{ zero_point }}, makes 2^23 + 16^i (q + {{ zero_point }}) where it
// stands in the mantissa; the difference and its product with scale / 16^i are exact but for the one rounding of q * scale{% if affine %} and the offset of the group{% endif %}.
fn dequantize(words: vec4<u32>, scales: mat4x4<f32>{% if affine %}, offset: vec4<f32>{% endif %}{% if staged %}, magic: u32{% endif %}) -> mat4x4<f32> {
    return mat4x4<f32>(
        {% for nibble in nibbles %}
        {% if affine %}
        fma(bitcast<vec4<f32>>((words & vec4<u32>({{ nibble.mask }}u)) | vec4<u32>({% if staged %}magic{% else %}{{ magic }}u{% endif %})) - {{ nibble.offset }}.0, scales[{{ nibble.index }}], offset),
        {% else %}
        (bitcast<vec4<f32>>((words & vec4<u32>({{ nibble.mask }}u)) | vec4<u32>({% if staged %}magic{% else %}{{ magic }}u{% endif %})) - {{ nibble.offset }}.0) * scales[{{ nibble.index }}],
        {% endif %}
        {% endfor %}
    );
}

// The scales of four columns, divided by the weight of each of the nibbles 0 to 3.
fn scales_by_nibble(scale: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>({% for nibble in nibbles %}{% if nibble.index == 0 %}scale{% else %}, scale * (1.0 / {{ nibble.weight }}.0){% endif %}{% endfor %});
}
