{# Products of a chunk in integers: the input of the chunk is rounded to 8 bits, by the largest of it. #}

// The input of a chunk in 8 bits: of each word the inputs of its even nibbles, then those of the odd ones.
struct Input {
    {% for word in words %}
    even_{{ word.index }}: u32,
    odd_{{ word.index }}: u32,
    {% endfor %}
    // What one step of the 8 bits stands for.
    scale: f32,
    {% for part in parts %}
    // The sum of all steps{% if parts | length > 1 %} of part {{ part.index }}{% endif %}, times the zero point.
    offset{{ part.suffix }}: i32,
    {% endfor %}
    {% if affine %}
    {% for part in parts %}
    // The sum of the input{% if parts | length > 1 %} of part {{ part.index }}{% endif %}, as its 8 bits have it.
    sum{{ part.suffix }}: f32,
    {% endfor %}
    {% endif %}
}

// The largest 8-bit input. It stands for the largest input of the chunk.
const LARGEST: f32 = 127.0;

// A chunk of smaller inputs than this counts as zeros: the reciprocal of its step might overflow.
const SMALLEST: f32 = 1.0e-30;

fn prepare_input({% for word in words %}low_{{ word.index }}: vec4<f32>, high_{{ word.index }}: vec4<f32>{% if not loop.last %}, {% endif %}{% endfor %}) -> Input {
    var largest = vec4<f32>();
    {% for word in words %}
    largest = max(largest, max(abs(low_{{ word.index }}), abs(high_{{ word.index }})));
    {% endfor %}
    let most = max(max(largest.x, largest.y), max(largest.z, largest.w));
    let steps = select(0.0, LARGEST / most, most > SMALLEST);
    var x: Input;
    x.scale = most / LARGEST;
    {% for part in parts %}
    var sum{{ part.suffix }} = vec4<i32>();
    {% for word in part.words %}
    {
        let low = vec4<i32>(round(low_{{ word.index }} * steps));
        let high = vec4<i32>(round(high_{{ word.index }} * steps));
        x.even_{{ word.index }} = pack4xI8(vec4<i32>(low.x, low.z, high.x, high.z));
        x.odd_{{ word.index }} = pack4xI8(vec4<i32>(low.y, low.w, high.y, high.w));
        sum{{ part.suffix }} += low + high;
    }
    {% endfor %}
    x.offset{{ part.suffix }} = {{ zero_point }} * (sum{{ part.suffix }}.x + sum{{ part.suffix }}.y + sum{{ part.suffix }}.z + sum{{ part.suffix }}.w);
    {% if affine %}
    x.sum{{ part.suffix }} = f32(sum{{ part.suffix }}.x + sum{{ part.suffix }}.y + sum{{ part.suffix }}.z + sum{{ part.suffix }}.w) * x.scale;
    {% endif %}
    {% endfor %}
    return x;
}

{% for part in parts %}
{% if part.index > 0 %}

{% endif %}
// The inner product of {% if parts | length > 1 %}part {{ part.index }} of {% endif %}a chunk, before scaling by the weights' scale.
fn dot_chunk{{ part.suffix }}(q: {{ weight_type }}, x: Input) -> f32 {
    var sum = -x.offset{{ part.suffix }};
    {% for word in part.words %}
    sum += dot4I8Packed(q{{ word.component }} & 0x0F0F0F0Fu, x.even_{{ word.index }});
    sum += dot4I8Packed((q{{ word.component }} >> 4u) & 0x0F0F0F0Fu, x.odd_{{ word.index }});
    {% endfor %}
    return f32(sum) * x.scale;
}
{% endfor %}
