{# What the sum of a pass is added to: the bias in the first, in others the sums of those before, which the same lane has stored. #}
{% if bias == "never" %}
if (first > 0u) {
    total = output[y];
}
{% else %}
if (first == 0u) {
    total = epilogue(0.0, column);
} else {
    total = output[y];
}
{% endif %}
