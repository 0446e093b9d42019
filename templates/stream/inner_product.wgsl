{# A team's walk over the chunks that workgroup memory holds. #}
{% if slices %}
let end = min(first + HELD, chunks);
{% endif %}
{% if split > 1 %}
for (; step < {% if slices %}end{% else %}chunks{% endif %}; step += steps_apart) {
{% elif slices %}
for (var step = first; step < end; step += {{ step_lanes }}) {
{% else %}
for (var step = 0u; step < chunks; step += {{ step_lanes }}) {
{% endif %}
    let place = step {% if slices %}- first {% endif %}+ team_lane;
    let now = next;
    // The next chunks are on their way while these are multiplied: after the last ones of some columns, the first ones of the next columns.
    var next_step = step + {% if split > 1 %}steps_apart{% else %}{{ step_lanes }}{% endif %};
    if (next_step >= chunks) {
        next_step = {% if split > 1 %}first_step{% else %}0u{% endif %};
        next_n += dealt;
        next_rows = rows_of(next_n, chunks);
    }
    if (next_n < params.N) {
        next = load_chunks(next_n, next_rows, min(next_step + team_lane, chunks - 1u));
    }
    {% if rows == 1 %}
    {% for part in parts %}
    {% if parts | length > 1 %}
    {
    {% endif %}
    {% for c in range(end=columns) %}
    var dot_{{ c }} = 0.0;
    {% endfor %}
    {% for word in part.words %}
    {
        let low = x[{{ 2 * word.index }}u * STRIDE + place];
        let high = x[{{ 2 * word.index + 1 }}u * STRIDE + place];
        {% for c in range(end=columns) %}
        dot_{{ c }} = dot_word(now.q_{{ c }}{{ word.component }}, low, high, dot_{{ c }});
        {% endfor %}
    }
    {% endfor %}
    sum = fma(now.scale{{ part.suffix }}, {{ sum_type }}({% for c in range(end=columns) %}dot_{{ c }}{% if not loop.last %}, {% endif %}{% endfor %}), sum);
    {% if affine %}
    sum = fma(now.offset{{ part.suffix }}, {{ sum_type }}(x_sums[{% if part.index > 0 %}{{ part.index }}u * HELD + {% endif %}place]), sum);
    {% endif %}
    {% if parts | length > 1 %}
    }
    {% endif %}
    {% endfor %}
    {% else %}
    {% include "stream/products_of_rows.wgsl" %}
    {% endif %}
}
