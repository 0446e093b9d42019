{# Loads the inputs of the tile after the next. A thread stages inputs of any team, and knows where its share begins. #}
{% set at = "k" %}
{% if divided %}
{% set at = "walked" %}
{% endif %}
{% if rounded_inputs %}
x_words_{{ load }} = input[x_{{ load }} + ({{ at }} + {{ piece.ahead }}u) / INPUTS{{ behind }}];
{% else %}
x_low_{{ load }} = load_input(x_{{ load }}, {{ at }} + {{ piece.ahead }}u + x_k_{{ load }});
x_high_{{ load }} = load_input(x_{{ load }}, {{ at }} + {{ piece.ahead + 4 }}u + x_k_{{ load }});
{% endif %}
