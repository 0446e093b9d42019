{# Products of a chunk with levels of a codebook, in f32. #}

// The input of a chunk, two vectors a word.
struct Input {
    {% for word in words %}
    low_{{ word.index }}: vec4<f32>,
    high_{{ word.index }}: vec4<f32>,
    {% endfor %}
}

fn prepare_input({% for word in words %}low_{{ word.index }}: vec4<f32>, high_{{ word.index }}: vec4<f32>{% if not loop.last %}, {% endif %}{% endfor %}) -> Input {
    return Input({% for word in words %}low_{{ word.index }}, high_{{ word.index }}{% if not loop.last %}, {% endif %}{% endfor %});
}

{% include "common/dot_word_codebook.wgsl" %}

{% for part in parts %}
{% if part.index > 0 %}

{% endif %}
// The inner product of {% if parts | length > 1 %}part {{ part.index }} of {% endif %}a chunk, before scaling.
fn dot_chunk{{ part.suffix }}(q: {{ weight_type }}, x: Input) -> f32 {
    var sum = 0.0;
    {% for word in part.words %}
    sum = dot_word(q{{ word.component }}, x.low_{{ word.index }}, x.high_{{ word.index }}, sum);
    {% endfor %}
    return sum;
}
{% endfor %}
