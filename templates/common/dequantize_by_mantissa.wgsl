{# Dequantisation of q4gsw without conversions, by bits that compilers know. #}
{% set opaque = false %}
{% include "common/mantissa.wgsl" %}
