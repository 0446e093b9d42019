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

// A nibble that is ORed into the mantissa of 2^23 adds itself times 16^i, where i is its place in the word: subtracting 2^23 and the zero
// point leaves 16^i * (q - {{ zero_point }}), exactly. The input brings 16^-i, exactly too. A nibble beyond place 4 would reach the exponent, so the
// last three are shifted down first, to the places 0 to 2.
const MAGIC: u32 = 0x4B000000u;
const TWO_TO_23: f32 = 8388608.0;
const LOW_PLACES: vec4<f32> = vec4<f32>(1.0, 1.0 / 16.0, 1.0 / 256.0, 1.0 / 4096.0);
const HIGH_PLACES: vec4<f32> = vec4<f32>(1.0 / 65536.0, 1.0, 1.0 / 16.0, 1.0 / 256.0);

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

fn dot_word(word: u32, low: vec4<f32>, high: vec4<f32>, sum: f32) -> f32 {
    let last = word >> 20u;
    var total = sum;
    total = fma(bitcast<f32>((word & 0xFu) | MAGIC) - (TWO_TO_23 + {{ zero_point }}.0), low.x, total);
    total = fma(bitcast<f32>((word & 0xF0u) | MAGIC) - (TWO_TO_23 + {{ zero_point }}.0 * 16.0), low.y, total);
    total = fma(bitcast<f32>((word & 0xF00u) | MAGIC) - (TWO_TO_23 + {{ zero_point }}.0 * 256.0), low.z, total);
    total = fma(bitcast<f32>((word & 0xF000u) | MAGIC) - (TWO_TO_23 + {{ zero_point }}.0 * 4096.0), low.w, total);
    total = fma(bitcast<f32>((word & 0xF0000u) | MAGIC) - (TWO_TO_23 + {{ zero_point }}.0 * 65536.0), high.x, total);
    total = fma(bitcast<f32>((last & 0xFu) | MAGIC) - (TWO_TO_23 + {{ zero_point }}.0), high.y, total);
    total = fma(bitcast<f32>((last & 0xF0u) | MAGIC) - (TWO_TO_23 + {{ zero_point }}.0 * 16.0), high.z, total);
    total = fma(bitcast<f32>((last & 0xF00u) | MAGIC) - (TWO_TO_23 + {{ zero_point }}.0 * 256.0), high.w, total);
    return total;
}

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
