{# Adds up the subgroups' sums, a matrix at a time, and stores those outputs that exist. #}
{% for j in range(end=matrices) %}
{% if j > 0 %}
// The sums of the matrix before have been read.
workgroupBarrier();
{% endif %}
coopStoreT(sum_{{ j }}, &partial[subgroup * (SIDE * SIDE)], SIDE);
workgroupBarrier();
for (var item = thread; item < SIDE * SIDE; item += THREADS) {
    var total = 0.0;
    for (var other = 0u; other < SUBGROUPS; other++) {
        total += partial[other * (SIDE * SIDE) + item];
    }
    let m = item / SIDE;
    let column = n{% if j > 0 %} + {% if j > 1 %}{{ j }}u * {% endif %}SIDE{% endif %} + item % SIDE;
    if (m < params.M && column < params.N) {
        output[params.output_offset + m * params.output_stride + column] = {% if bias == "never" %}total{% else %}epilogue(total, column){% endif %};
    }
}
{% endfor %}
