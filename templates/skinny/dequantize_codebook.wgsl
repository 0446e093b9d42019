{# Dequantisation of four columns at once by a codebook: a nibble is the number of a level. #}

// Weights 0 to 3 of a word of four columns, one vector of columns for each k.
fn dequantize(words: vec4<u32>, scale: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        {% for nibble in nibbles %}
        scale * levels_of({% if nibble.index == 0 %}words{% else %}words >> vec4<u32>({{ nibble.index * 4 }}u){% endif %}),
        {% endfor %}
    );
}

// The levels of the lowest nibbles.
fn levels_of(words: vec4<u32>) -> vec4<f32> {
    let nibbles = words & vec4<u32>(15u);
    return vec4<f32>(levels[nibbles.x], levels[nibbles.y], levels[nibbles.z], levels[nibbles.w]);
}
