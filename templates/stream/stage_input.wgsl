{# Copies the input, or a slice of it, to workgroup memory: all loads are on their way before the first is stored. #}
{% if slices %}
let first_vector = first * VECTORS + lane;
{% endif %}
{% for copy in range(end=copies) %}
let value_{{ copy }} = load_input({% if slices %}first_vector{% else %}lane{% endif %}{% if copy > 0 %} + {{ copy }}u * WIDTH{% endif %}, chunks * VECTORS);
{% endfor %}
{% if slices %}
// All lanes are done with the slice before.
workgroupBarrier();
{% endif %}
{
    let place = (lane % VECTORS) * STRIDE + lane / VECTORS;
    {% if encoding != "codebook" %}
    let places = select(LOW_PLACES, HIGH_PLACES, (lane & 1u) != 0u);
    {% endif %}
    {% for copy in range(end=copies) %}
    x[place{% if copy > 0 %} + {{ copy }}u * (WIDTH / VECTORS){% endif %}] = value_{{ copy }}{% if encoding != "codebook" %} * places{% endif %};
    {% endfor %}
}
workgroupBarrier();
{% if affine %}
for (var chunk = lane; chunk < HELD; chunk += WIDTH) {
    var chunk_sum = 0.0;
    for (var vector = 0u; vector < VECTORS; vector += 2u) {
        chunk_sum += dot(x[vector * STRIDE + chunk], 1.0 / LOW_PLACES) + dot(x[(vector + 1u) * STRIDE + chunk], 1.0 / HIGH_PLACES);
    }
    x_sums[chunk] = chunk_sum;
}
workgroupBarrier();
{% endif %}
