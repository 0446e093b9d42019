{# Loads of one step, zero past the last row and the end of K: there products must be zero, whatever is multiplied. #}

// Inputs k to k + 3 of a row.
fn load_input(row: u32, k: u32) -> vec4<f32> {
    if (row < params.M && k < {{ k }}) {
        return input[(params.input_offset + row * {{ k }} + k) / 4u];
    }
    return vec4<f32>();
}

// Weights k to k + LOAD - 1 of a column.
fn load_weights(n: u32, k: u32) -> {{ weight_type }} {
    if (k < {{ k }}) {
        return weight[(n * {{ k }} + k) / LOAD];
    }
    return {{ weight_type }}();
}

// The scale of {% if parts | length > 1 %}the weights of a part, from k on{% else %}these weights{% endif %}.
fn scale_of(n: u32, k: u32) -> f32 {
    if (k < {{ k }}) {
        {% if scales.format == "f32" and scales.order == "groups" %}
        return scales[k / {{ group_size }} * params.padded_N + n];
        {% else %}
        return load_scale(n, k / {{ group_size }});
        {% endif %}
    }
    return 0.0;
}
{% if affine %}

// The {% if encoding == "zero_point" %}zero point{% else %}minimum{% endif %} of {% if parts | length > 1 %}the same weights{% else %}these weights{% endif %}.
fn offset_of(n: u32, k: u32) -> f32 {
    if (k < {{ k }}) {
        return load_offset(n, k / {{ group_size }});
    }
    return 0.0;
}
{% endif %}
