{# Stores the inputs of one load as f16, in the order of the weights. #}
{% set below_tile = some_load_less and input_loads | length == load + 1 %}
{% if below_tile %}
if (x_row_{{ load }} < TILE_M) {
{% endif %}
{% if rounded_inputs %}
{{ tile.name }}[x_place_{{ load }}{% if tile.vectors > 0 %} + {{ tile.vectors }}u{% endif %}] = vec4<f16>(input_pair(x_words_{{ load }}.x), input_pair(x_words_{{ load }}.y));
{{ tile.name }}[x_place_{{ load }} + {{ tile.vectors + 1 }}u] = vec4<f16>(input_pair(x_words_{{ load }}.z), input_pair(x_words_{{ load }}.w));
{% else %}
{{ tile.name }}[x_place_{{ load }}{% if tile.vectors > 0 %} + {{ tile.vectors }}u{% endif %}] = vec4<f16>(vec4<f32>(x_low_{{ load }}.x, x_high_{{ load }}.x, x_low_{{ load }}.y, x_high_{{ load }}.y));
{{ tile.name }}[x_place_{{ load }} + {{ tile.vectors + 1 }}u] = vec4<f16>(vec4<f32>(x_low_{{ load }}.z, x_high_{{ load }}.z, x_low_{{ load }}.w, x_high_{{ load }}.w));
{% endif %}
{% if below_tile %}
}
{% endif %}
