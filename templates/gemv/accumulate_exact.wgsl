{# Exact products of a chunk in f32, without an instruction to convert a number. #}

// The input of a chunk, two vectors a word, scaled to meet weights that were left in their place within the word.
struct Input {
    {% for word in words %}
    low_{{ word.index }}: vec4<f32>,
    high_{{ word.index }}: vec4<f32>,
    {% endfor %}
    {% if affine %}
    {% for part in parts %}
    // The sum of the input{% if parts | length > 1 %} of part {{ part.index }}{% endif %}, which what a group adds to its weights is multiplied by: once for all columns.
    sum{{ part.suffix }}: f32,
    {% endfor %}
    {% endif %}
}

{% include "common/places.wgsl" %}

fn prepare_input({% for word in words %}low_{{ word.index }}: vec4<f32>, high_{{ word.index }}: vec4<f32>{% if not loop.last %}, {% endif %}{% endfor %}) -> Input {
    var x: Input;
    {% for word in words %}
    x.low_{{ word.index }} = low_{{ word.index }} * LOW_PLACES;
    x.high_{{ word.index }} = high_{{ word.index }} * HIGH_PLACES;
    {% endfor %}
    {% if affine %}
    {% for part in parts %}
    x.sum{{ part.suffix }} = dot({% for word in part.words %}low_{{ word.index }} + high_{{ word.index }}{% if not loop.last %} + {% endif %}{% endfor %}, vec4<f32>(1.0));
    {% endfor %}
    {% endif %}
    return x;
}

{% include "common/dot_word.wgsl" %}

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
