{# Loads the inputs of the tile after the next. #}
{
    let next = x_{{ piece.load }} + min(k + {{ piece.ahead }}u + x_k_{{ piece.load }}, {{ k }} - INPUTS) / 4u;
    x_low_{{ piece.load }} = input[next];
    x_high_{{ piece.load }} = input[next + 1u];
}
