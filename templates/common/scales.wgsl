{# Scales as f32, from whatever they are stored as: what `scale_of_block` calls. #}
{% set bits = "u32" %}
{% set float = "f32" %}
{% if scale_load == 4 %}
{% set bits = "vec4<u32>" %}
{% set float = "vec4<f32>" %}
{% endif %}
{% if scales.format == "e8m0" %}

// The power of two of an E8M0 byte. Byte 0, which is 2^-127, becomes zero: devices may do so with every number below the normal ones.
fn e8m0(byte: {{ bits }}) -> {{ float }} {
    return bitcast<{{ float }}>(byte << {{ bits }}(23u));
}
{% elif scales.format == "e4m3" %}

// The value of an E4M3 byte: a sign, an exponent that is biased by 7, and three bits. Where the exponent is zero, these count 512ths: as if they stood
// behind 2^-6, less that. No step is below the normal numbers, which a device may flush to zero.
fn e4m3(byte: {{ bits }}) -> {{ float }} {
    let size = (byte & {{ bits }}(0x7Fu)) << {{ bits }}(20u);
    let normal = bitcast<{{ float }}>(size + {{ bits }}(120u << 23u));
    let small = bitcast<{{ float }}>(size + {{ bits }}(121u << 23u)) - 0.015625;
    let value = select(normal, small, size < {{ bits }}(1u << 23u));
    return select(value, -value, byte >= {{ bits }}(0x80u));
}
{% endif %}
{% if scale_load == 1 %}

{% if scales.order == "columns" %}
// The scale of a group of column n. There are as many scales of a column as groups.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = n * (({{ k }} + {{ group_size }} - 1u) / {{ group_size }}) + group;
{% else %}
// The scale of a group of column n.
fn load_scale(n: u32, group: u32) -> f32 {
    let at = group * params.padded_N + n;
{% endif %}
    {% if scales.format == "f32" %}
    return scales[at];
    {% elif scales.format == "e8m0" or scales.format == "e4m3" %}
    // Four to a word, the first one in the lowest byte.
    return {{ scales.format }}((scales[at / 4u] >> (8u * (at % 4u))) & 0xFFu);
    {% else %}
    // Two to a word, the first one in the low half.
    let word = scales[at / 2u] >> (16u * (at % 2u));
    {% if scales.format == "f16" %}
    return unpack2x16float(word).x;
    {% else %}
    // The upper half of an f32 is its bfloat16.
    return bitcast<f32>(word << 16u);
    {% endif %}
    {% endif %}
}
{% elif scales.format == "e8m0" or scales.format == "e4m3" %}

// Neighbouring scales, four to a word, the first one in the lowest byte.
fn unpack_scales(word: u32) -> vec4<f32> {
    return {{ scales.format }}((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(0xFFu));
}
{% elif scales.format != "f32" %}

// Neighbouring scales, two to a word, the first one in the low half.
fn unpack_scales(words: {{ scale_type }}) -> {{ sum_type }} {
    {% if scales.format == "f16" %}
    {% if scale_load == 2 %}
    return unpack2x16float(words);
    {% else %}
    return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
    {% endif %}
    {% else %}
    // The upper half of an f32 is its bfloat16.
    {% if scale_load == 2 %}
    return bitcast<vec2<f32>>(vec2<u32>(words << 16u, words & 0xFFFF0000u));
    {% else %}
    return bitcast<vec4<f32>>(vec4<u32>(words.x << 16u, words.x & 0xFFFF0000u, words.y << 16u, words.y & 0xFFFF0000u));
    {% endif %}
    {% endif %}
}
{% endif %}
