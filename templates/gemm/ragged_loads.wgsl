{# Loads for rows that start at any byte and end at any k. #}

// The 8 weights of column n that start at k. A row starts at any byte, so they may lie in two words; what they hold past
// the end of the row belongs to the next one.
fn load_word(n: u32, k: u32) -> u32 {
    let byte = n * params.K_packed + k / 2u;
    let index = byte / 4u;
    let shift = (byte % 4u) * 8u;
    let low = weight[index] >> shift;
    if (shift == 0u) {
        return low;
    }
    let high = weight[min(index + 1u, arrayLength(&weight) - 1u)] << (32u - shift);
    return low | high;
}

fn load_element(row: u32, k: u32) -> f32 {
    // Zero past the end of the row, so that weights of the next row add nothing.
    if (k >= {{ k }}) {
        return 0.0;
    }
    return input[row + k];
}

fn load_input(row: u32, k: u32) -> vec4<f32> {
    return vec4<f32>(
        load_element(row, k),
        load_element(row, k + 1u),
        load_element(row, k + 2u),
        load_element(row, k + 3u),
    );
}

{% if scale_per == "element" %}
fn scale_of(n: u32, k: u32) -> f32 {
    // Past the end of the row the last scale serves: its product is masked.
    let group = min(k, {{ k }} - 1u) / {{ group_size }};
    {% if scales.format == "f32" and scales.order == "groups" %}
    return scales[group * params.padded_N + n];
    {% else %}
    return load_scale(n, group);
    {% endif %}
}

fn load_scales(n: u32, k: u32) -> vec4<f32> {
    return vec4<f32>(scale_of(n, k), scale_of(n, k + 1u), scale_of(n, k + 2u), scale_of(n, k + 3u));
}
{% if affine %}

fn offset_of(n: u32, k: u32) -> f32 {
    return load_offset(n, min(k, {{ k }} - 1u) / {{ group_size }});
}

// Weights k to k + 3 of a column, from what is left of their nibbles without the zero point.
fn weights_of(n: u32, k: u32, q: vec4<f32>) -> vec4<f32> {
    let scale = load_scales(n, k);
    let stored = vec4<f32>(offset_of(n, k), offset_of(n, k + 1u), offset_of(n, k + 2u), offset_of(n, k + 3u));
    return fma(scale, q, offset_beside(scale, stored));
}
{% endif %}
{% endif %}
