{# What sums start from. #}

// The bias of a column, the last one past the edge.
fn load_bias(n: u32) -> f32 {
    {% if bias == "optional" %}
    // Without a bias the binding is a dummy that must not be read.
    if (params.has_bias == 0u) {
        return 0.0;
    }
    {% endif %}
    return bias[min(n, params.N - 1u)];
}
