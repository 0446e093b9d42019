{# Stores the outputs that a thread has, those that exist where not all do. #}
{% for i in range(end=matrices_m) %}
{% for j in range(end=matrices_n) %}
{% for round in range(end=store_rounds) %}
{% set of = i ~ "_" ~ j %}
{% set column = "" %}
{% if store_rounds > 1 %}
{% set of = of ~ "_" ~ round %}
{% if round > 0 %}
{% set column = " + " ~ round ~ "u * MATRICES_OF_TEAM * PANEL" %}
{% endif %}
{% endif %}
{% if j > 0 %}
{% set column = column ~ " + " ~ j ~ "u * SIDE" %}
{% endif %}
{% for s in sums_of_thread %}
{% if whole %}
output[output_at_{{ s }}{% if i > 0 %} + {{ i }}u * SIDE * params.output_stride{% endif %}{{ column }}] = y_{{ of }}_{{ s }};
{% else %}
if (output_m_{{ s }}{% if i > 0 %} + {{ i }}u * SIDE{% endif %} < params.M && output_n_{{ s }}{{ column }} < params.N) {
    output[output_at_{{ s }}{% if i > 0 %} + {{ i }}u * SIDE * params.output_stride{% endif %}{{ column }}] = y_{{ of }}_{{ s }};
}
{% endif %}
{% endfor %}
{% endfor %}
{% endfor %}
{% endfor %}
