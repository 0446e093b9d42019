{# Loads the inputs of the tile after the next. #}
{% if rounded_inputs %}
x_words_{{ piece.load }} = input[x_{{ piece.load }} + (k + {{ piece.ahead }}u) / INPUTS];
{% else %}
x_low_{{ piece.load }} = load_input(x_{{ piece.load }}, k + {{ piece.ahead }}u + x_k_{{ piece.load }});
x_high_{{ piece.load }} = load_input(x_{{ piece.load }}, k + {{ piece.ahead + 4 }}u + x_k_{{ piece.load }});
{% endif %}
