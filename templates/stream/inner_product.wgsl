{# A team's walk over the chunks that workgroup memory holds. #}
{% if slices %}
let end = min(first + HELD, chunks);
for (var step = first; step < end; step += {{ step_lanes }}) {
    let place = step - first + team_lane;
{% else %}
for (var step = 0u; step < chunks; step += {{ step_lanes }}) {
    let place = step + team_lane;
{% endif %}
    let now = next;
    // The next chunks are on their way while these are multiplied: after the last ones of some columns, the first ones of the next columns.
    var next_step = step + {{ step_lanes }};
    if (next_step >= chunks) {
        next_step = 0u;
        next_n += dealt;
        next_rows = rows_of(next_n, chunks);
    }
    if (next_n < params.N) {
        next = load_chunks(next_n, next_rows, min(next_step + team_lane, chunks - 1u));
    }
    {% if rows == 1 %}
    {% for c in range(end=columns) %}
    var dot_{{ c }} = 0.0;
    {% endfor %}
    {% for word in words %}
    {
        let low = x[{{ 2 * word.index }}u * STRIDE + place];
        let high = x[{{ 2 * word.index + 1 }}u * STRIDE + place];
        {% for c in range(end=columns) %}
        dot_{{ c }} = dot_word(now.q_{{ c }}{{ word.component }}, low, high, dot_{{ c }});
        {% endfor %}
    }
    {% endfor %}
    sum = fma(now.scale, {{ sum_type }}({% for c in range(end=columns) %}dot_{{ c }}{% if not loop.last %}, {% endif %}{% endfor %}), sum);
    {% if affine %}
    sum = fma(now.offset, {{ sum_type }}(x_sums[place]), sum);
    {% endif %}
    {% else %}
    {% include "stream/products_of_rows.wgsl" %}
    {% endif %}
}
