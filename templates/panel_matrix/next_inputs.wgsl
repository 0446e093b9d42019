{# Loads the inputs of the tile after the next. #}
{% if rounded_inputs %}
x_words_{{ load }} = input[x_{{ load }} + (k + {{ piece.ahead }}u) / INPUTS];
{% else %}
x_low_{{ load }} = load_input(x_{{ load }}, k + {{ piece.ahead }}u + x_k_{{ load }});
x_high_{{ load }} = load_input(x_{{ load }}, k + {{ piece.ahead + 4 }}u + x_k_{{ load }});
{% endif %}
