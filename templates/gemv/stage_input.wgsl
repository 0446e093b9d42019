{# Passes a resident chunk of every lane through workgroup memory, half a chunk at a time: neighbouring lanes read neighbouring vectors. #}
{% for half in halves_of_chunk %}
for (var vector = lane; vector < WIDTH * HALF; vector += WIDTH) {
    let chunk = {% if resident > 0 %}{{ resident }}u * WIDTH + {% endif %}vector / HALF;
    let at = params.input_offset / 4u + chunk * (CHUNK / 4u){% if half > 0 %} + HALF{% endif %} + vector % HALF;
    {% if masked_lanes %}
    // Lanes past the end of K hold zeros.
    var value = vec4<f32>();
    if (chunk < chunks) {
        value = input[at];
    }
    staged[(vector / HALF) * STRIDE + vector % HALF] = value;
    {% else %}
    staged[(vector / HALF) * STRIDE + vector % HALF] = input[at];
    {% endif %}
}
workgroupBarrier();
{% for word in words_of_half %}
let v_{{ resident }}_{{ half }}_{{ 2 * word.index }} = staged[lane * STRIDE{% if word.index > 0 %} + {{ 2 * word.index }}u{% endif %}];
let v_{{ resident }}_{{ half }}_{{ 2 * word.index + 1 }} = staged[lane * STRIDE + {{ 2 * word.index + 1 }}u];
{% endfor %}
workgroupBarrier();
{% endfor %}
let x_{{ resident }} = prepare_input(
    {% for half in halves_of_chunk %}
    {% for word in words_of_half %}
    v_{{ resident }}_{{ half }}_{{ 2 * word.index }},
    v_{{ resident }}_{{ half }}_{{ 2 * word.index + 1 }},
    {% endfor %}
    {% endfor %}
);
