{# A team's walk over the chunks that workgroup memory holds. #}
{% if whole_input %}
for (var step = 0u; step < chunks; step += {{ team_lanes }}) {
    let place = step + team_lane;
    let next_step = step + {{ team_lanes }};
{% else %}
let end = min(first + SLICE, chunks);
for (var step = first; step < end; step += {{ team_lanes }}) {
    let place = step - first + team_lane;
    let next_step = step + {{ team_lanes }};
{% endif %}
    let now = next;
    // The next chunks are on their way while these are multiplied: after the last ones of a task, the first ones of the next.
    let done = next_step >= chunks;
    let next_task = select(task, task + dealt, done);
    if (next_task < tasks) {
        next = load_chunks(next_task * COLUMNS, min(select(next_step, 0u, done) + team_lane, chunks - 1u), chunks);
    }
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
}
