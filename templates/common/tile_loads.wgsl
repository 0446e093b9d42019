{# Loads of a step that is not whole. What is past the end of a row is not loaded and adds nothing. #}

fn load_input(place: u32, exists: bool) -> vec4<f32> {
    if (exists) {
        return input[place];
    }
    return vec4<f32>();
}

fn load_word(place: u32, exists: bool) -> u32 {
    if (exists) {
        return weight[place];
    }
    return 0u;
}

fn scale_of(n: u32, k: u32, exists: bool) -> f32 {
    if (exists) {
        {% if scales.format == "f32" and scales.order == "groups" %}
        return scales[(k / {{ group_size }}) * params.padded_N + n];
        {% else %}
        return load_scale(n, k / {{ group_size }});
        {% endif %}
    }
    return 0.0;
}
{% if affine %}

fn offset_of(n: u32, k: u32, exists: bool) -> f32 {
    if (exists) {
        return load_offset(n, k / {{ group_size }});
    }
    return 0.0;
}
{% endif %}
