{# Uniform, bindings and the constants that every family shares. The binding layout is the same for all kernels. #}

{% for extension in enables %}
enable {{ extension }};
{% endfor %}

struct Params {
    {% for field in params %}
    {{ field.name }}: u32,{{ field.padding }} // {{ field.meaning }}
    {% endfor %}
}

@group(0) @binding({{ binding.output }}) var<storage, read_write> output: array<f32>;
@group(0) @binding({{ binding.input }}) var<storage, read> input: array<{{ input_type }}>;
@group(0) @binding({{ binding.weight }}) var<storage, read> weight: array<{{ weight_type }}>;
@group(0) @binding({{ binding.scales }}) var<storage, read> scales: array<{{ scale_type }}>;
{% if bias != "never" %}
@group(0) @binding({{ binding.bias }}) var<storage, read> bias: array<f32>;
{% endif %}
@group(0) @binding({{ binding.params }}) var<uniform> params: Params;
{% if affine %}
@group(0) @binding({{ binding.offsets }}) var<storage, read> offsets: array<{{ offset_type }}>;
{% endif %}
{% if encoding == "codebook" %}
@group(0) @binding({{ binding.codebook }}) var<storage, read> codebook: array<f32, LEVELS>;
{% endif %}

const WEIGHTS_PER_WORD: u32 = {{ weights_per_word }}u;
{% if encoding == "codebook" %}
// Levels of the codebook: one for each nibble.
const LEVELS: u32 = {{ levels }}u;
{% endif %}
{% if fixed_k %}
const K: u32 = {{ fixed_k }}u;
{% endif %}
{% if fixed_group_size %}
const GROUP_SIZE: u32 = {{ fixed_group_size }}u;
{% endif %}
