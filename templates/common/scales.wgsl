{# Scales as f32, from whatever they are stored as: what `scale_of_block` calls. #}
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
