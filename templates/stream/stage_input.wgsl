{# Copies a slice of the input to workgroup memory. #}
{% if not whole_input %}
// All lanes are done with the slice before.
workgroupBarrier();
{% endif %}
for (var vector = lane; vector < VECTORS * SLICE; vector += WIDTH) {
    {% if whole_input %}
    let chunk = vector / VECTORS;
    {% else %}
    let chunk = first + vector / VECTORS;
    {% endif %}
    // Past the end of K are zeros, which add nothing whatever weights they meet.
    var value = vec4<f32>();
    if (chunk < chunks) {
        value = input[params.input_offset / 4u + {% if not whole_input %}first * VECTORS + {% endif %}vector];
    }
    {% if encoding == "codebook" %}
    x[(vector % VECTORS) * STRIDE + vector / VECTORS] = value;
    {% else %}
    x[(vector % VECTORS) * STRIDE + vector / VECTORS] = value * select(LOW_PLACES, HIGH_PLACES, (vector & 1u) != 0u);
    {% endif %}
}
workgroupBarrier();
{% if affine %}
for (var chunk = lane; chunk < SLICE; chunk += WIDTH) {
    var chunk_sum = 0.0;
    for (var vector = 0u; vector < VECTORS; vector += 2u) {
        chunk_sum += dot(x[vector * STRIDE + chunk], 1.0 / LOW_PLACES) + dot(x[(vector + 1u) * STRIDE + chunk], 1.0 / HIGH_PLACES);
    }
    x_sums[chunk] = chunk_sum;
}
workgroupBarrier();
{% endif %}
