{# Four neighbouring scales as f32, where they are stored two to a word. #}
{% if scales == "f16" %}

fn unpack_scales(words: vec2<u32>) -> vec4<f32> {
    return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
}
{% elif scales == "bf16" %}

// The upper half of an f32 is its bfloat16.
fn unpack_scales(words: vec2<u32>) -> vec4<f32> {
    let first = vec2<u32>(words.x << 16u, words.x & 0xFFFF0000u);
    let last = vec2<u32>(words.y << 16u, words.y & 0xFFFF0000u);
    return vec4<f32>(bitcast<vec2<f32>>(first), bitcast<vec2<f32>>(last));
}
{% endif %}
