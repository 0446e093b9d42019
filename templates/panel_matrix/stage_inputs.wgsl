{# Stores the inputs of one load as f16, in the order of the weights. #}
{% if rounded_inputs %}
x_tile_{{ tile }}[x_place_{{ load }}] = vec4<f16>(input_pair(x_words_{{ load }}.x), input_pair(x_words_{{ load }}.y));
x_tile_{{ tile }}[x_place_{{ load }} + 1u] = vec4<f16>(input_pair(x_words_{{ load }}.z), input_pair(x_words_{{ load }}.w));
{% else %}
x_tile_{{ tile }}[x_place_{{ load }}] = vec4<f16>(vec4<f32>(x_low_{{ load }}.x, x_high_{{ load }}.x, x_low_{{ load }}.y, x_high_{{ load }}.y));
x_tile_{{ tile }}[x_place_{{ load }} + 1u] = vec4<f16>(vec4<f32>(x_low_{{ load }}.z, x_high_{{ load }}.z, x_low_{{ load }}.w, x_high_{{ load }}.w));
{% endif %}
