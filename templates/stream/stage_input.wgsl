{# Copies what the lanes have loaded of the input to workgroup memory; of a longer one the next slice is loaded then. #}
{% if slices %}
// All lanes are done with the slice before.
workgroupBarrier();
{% endif %}
{
    let place = {% if rows == 1 %}(lane % VECTORS) * STRIDE + lane / VECTORS{% else %}(lane % VECTORS) * HELD + ((lane / VECTORS) ^ (lane % VECTORS)){% endif %};
    {% if encoding != "codebook" %}
    let places = select(LOW_PLACES, HIGH_PLACES, (lane & 1u) != 0u);
    {% endif %}
    {% for copy in copies %}
    x[place{% if copy.row > 0 %} + {% if copy.row > 1 %}{{ copy.row }}u * {% endif %}VECTORS * HELD{% endif %}{% if copy.widths > 0 %} + {{ copy.widths }}u * (WIDTH / VECTORS){% endif %}] = value_{{ copy.index }}{% if encoding != "codebook" %} * places{% endif %};
    {% endfor %}
}
workgroupBarrier();
{% if affine %}
{% if parts | length > 1 %}
for (var item = lane; item < {% if rows > 1 %}ROWS * {% endif %}PARTS * HELD; item += WIDTH) {
    let first_vector = item / HELD * PART_VECTORS;
    let chunk = item % HELD;
    var part_sum = 0.0;
    for (var vector = first_vector; vector < first_vector + PART_VECTORS; vector += 2u) {
        {% if rows == 1 %}
        part_sum += dot(x[vector * STRIDE + chunk], 1.0 / LOW_PLACES) + dot(x[(vector + 1u) * STRIDE + chunk], 1.0 / HIGH_PLACES);
        {% else %}
        let low = x[vector * HELD + (chunk ^ (vector % VECTORS))];
        let high = x[(vector + 1u) * HELD + (chunk ^ ((vector + 1u) % VECTORS))];
        part_sum += dot(low, 1.0 / LOW_PLACES) + dot(high, 1.0 / HIGH_PLACES);
        {% endif %}
    }
    x_sums[item] = part_sum;
}
{% elif rows == 1 %}
for (var chunk = lane; chunk < HELD; chunk += WIDTH) {
    var chunk_sum = 0.0;
    for (var vector = 0u; vector < VECTORS; vector += 2u) {
        chunk_sum += dot(x[vector * STRIDE + chunk], 1.0 / LOW_PLACES) + dot(x[(vector + 1u) * STRIDE + chunk], 1.0 / HIGH_PLACES);
    }
    x_sums[chunk] = chunk_sum;
}
{% else %}
for (var item = lane; item < ROWS * HELD; item += WIDTH) {
    let row = item / HELD * VECTORS;
    let chunk = item % HELD;
    var chunk_sum = 0.0;
    for (var vector = 0u; vector < VECTORS; vector += 2u) {
        let low = x[(row + vector) * HELD + (chunk ^ vector)];
        let high = x[(row + vector + 1u) * HELD + (chunk ^ (vector + 1u))];
        chunk_sum += dot(low, 1.0 / LOW_PLACES) + dot(high, 1.0 / HIGH_PLACES);
    }
    x_sums[item] = chunk_sum;
}
{% endif %}
workgroupBarrier();
{% endif %}
{% if slices %}
if (chunks > HELD) {
    // The next slice is on its way while this one is multiplied: after the last one, the first one for the next columns.
    let next_first = select(first + HELD, 0u, first + HELD >= chunks) * VECTORS + lane;
    {% for copy in copies %}
    value_{{ copy.index }} = load_input({% if rows > 1 %}{{ copy.row }}u, {% endif %}next_first{% if copy.widths > 0 %} + {{ copy.widths }}u * WIDTH{% endif %}, chunks * VECTORS);
    {% endfor %}
}
{% endif %}
