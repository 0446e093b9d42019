{# The input of one chunk, straight from the buffer. #}

{% if masked_lanes %}
// Lanes past the end of K hold zeros.
fn load_vector(at: u32, inside: bool) -> vec4<f32> {
    return select(vec4<f32>(), input[at], inside);
}

fn load_input(chunk: u32, chunks: u32) -> Input {
    let inside = chunk < chunks;
    let at = params.input_offset / 4u + min(chunk, chunks - 1u) * (CHUNK / 4u);
    return prepare_input(
        {% for word in words %}
        load_vector(at{% if word.index > 0 %} + {{ 2 * word.index }}u{% endif %}, inside),
        load_vector(at + {{ 2 * word.index + 1 }}u, inside),
        {% endfor %}
    );
}
{% else %}
fn load_input(chunk: u32) -> Input {
    let at = params.input_offset / 4u + chunk * (CHUNK / 4u);
    return prepare_input(
        {% for word in words %}
        input[at{% if word.index > 0 %} + {{ 2 * word.index }}u{% endif %}],
        input[at + {{ 2 * word.index + 1 }}u],
        {% endfor %}
    );
}
{% endif %}
