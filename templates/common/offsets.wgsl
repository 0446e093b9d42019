{# What a group adds to its weights beside scale * (q - {{ zero_point }}), from its zero point or its minimum: what `scale_of_block` calls. #}
{% if scale_load == 1 %}

// The {% if encoding == "zero_point" %}zero point{% else %}minimum{% endif %} of a group of column n.
fn load_offset(n: u32, group: u32) -> f32 {
    {% if scales.order == "columns" %}
    let at = n * (({{ k }} + {{ group_size }} - 1u) / {{ group_size }}) + group;
    {% else %}
    let at = group * params.padded_N + n;
    {% endif %}
    {% if encoding == "zero_point" %}
    // Four to a word, the first one in the lowest byte.
    return f32((offsets[at / 4u] >> (8u * (at % 4u))) & 0xFFu);
    {% elif scales.format == "f32" %}
    return offsets[at];
    {% else %}
    // Two to a word, the first one in the low half.
    let word = offsets[at / 2u] >> (16u * (at % 2u));
    {% if scales.format == "f16" %}
    return unpack2x16float(word).x;
    {% else %}
    // The upper half of an f32 is its bfloat16.
    return bitcast<f32>(word << 16u);
    {% endif %}
    {% endif %}
}
{% elif encoding == "zero_point" %}

// Neighbouring zero points, four to a word, the first one in the lowest byte.
fn unpack_offsets(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(0xFFu));
}
{% endif %}

// What is added to scale * (q - {{ zero_point }}) to make {% if encoding == "zero_point" %}scale * (q - zero point){% else %}scale * q + minimum{% endif %}.
fn offset_beside(scale: {{ added_type }}, stored: {{ added_type }}) -> {{ added_type }} {
    {% if encoding == "zero_point" %}
    return scale * ({{ zero_point }}.0 - stored);
    {% else %}
    return fma({{ added_type }}({{ zero_point }}.0), scale, stored);
    {% endif %}
}
