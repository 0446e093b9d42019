{# Four neighbouring scales of a column in one load, and what is stored beside them. #}

// Vector number `at` of scales.
fn load_scales(at: u32) -> vec4<f32> {
    return {% if scales.format == "f32" %}scales[at]{% else %}unpack_scales(scales[at]){% endif %};
}
{% if affine %}

// Vector number `at` of {% if encoding == "zero_point" %}zero points{% else %}minimums{% endif %}.
fn load_offsets(at: u32) -> vec4<f32> {
    return {% if encoding == "zero_point" %}unpack_offsets(offsets[at]){% elif scales.format == "f32" %}offsets[at]{% else %}unpack_scales(offsets[at]){% endif %};
}
{% endif %}
