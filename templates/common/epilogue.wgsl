{# What happens to a finished sum before it is stored. #}
{% if bias == "optional" %}

fn epilogue(sum: f32, n: u32) -> f32 {
    // Without a bias the binding is a dummy that must not be read.
    if (params.has_bias != 0u) {
        return sum + bias[n];
    }
    return sum;
}
{% elif bias == "always" %}

fn epilogue(sum: f32, n: u32) -> f32 {
    return sum + bias[n];
}
{% endif %}
