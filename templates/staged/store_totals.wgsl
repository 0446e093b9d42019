{# Adds the sums of all teams and stores them. Threads of the same outputs meet in workgroup memory with as many vectors of sums as there are teams; each adds one of them, in
   the order of the teams. Outputs are kept until the last have met: a barrier of the workgroup waits for stores to the output, too. #}
{% set blocks_of_row = blocks | length %}
{% for total in totals %}
workgroupBarrier();
{% for t in teams %}
{% set sum = total * teams | length + t %}
w_tile[(team * TEAMS + {{ t }}u) * TEAM + thread] = sum_{{ sum // blocks_of_row }}_{{ sum % blocks_of_row }};
{% endfor %}
workgroupBarrier();
let total_{{ total }} = {% for t in teams %}{% if t > 0 %} + {% endif %}w_tile[({{ t }}u * TEAMS + team) * TEAM + thread]{% endfor %};
{% endfor %}
{% for total in totals %}
{
    // Which row of the thread's these are, and which of its columns.
    let number = {{ total }}u * TEAMS + team;
    let m = tile_m + thread_m + number / {{ blocks_of_row }}u * THREADS_M;
    let n = tile_n + thread_n + number % {{ blocks_of_row }}u * (4u * THREADS_N);
    {% for component in ["x", "y", "z", "w"] %}
    if (n{% if loop.index0 > 0 %} + {{ loop.index0 }}u * THREADS_N{% endif %} < params.N) {
        store(m, n{% if loop.index0 > 0 %} + {{ loop.index0 }}u * THREADS_N{% endif %}, total_{{ total }}.{{ component }});
    }
    {% endfor %}
}
{% endfor %}
