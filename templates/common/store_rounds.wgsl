{# Stores one matrix of each subgroup after the other through workgroup memory, and subgroups in turns where there is not room for all. Turns are written one by one:
   a loop over them is slower (docs/limits.md). #}
{% set subgroups_wait = store_rounds > 1 and store_barrier == "workgroupBarrier" %}
{% for round in range(end=store_rounds) %}
{% set turn = "if (subgroup / STORED_AT_ONCE == " ~ round ~ "u) {" %}
{% if round > 0 %}
// Now those of other subgroups.
workgroupBarrier();
{% endif %}
{% if store_rounds > 1 and not subgroups_wait %}
{{ turn }}
{% endif %}
{% for i in range(end=matrices_m) %}
{% for j in range(end=matrices_n) %}
{% if i > 0 or j > 0 %}
{{ store_barrier }}();
{% endif %}
{% set sums = "sums_" ~ i ~ "_" ~ j %}
{% if subgroups_wait %}
{% set sums = sums ~ "_" ~ round %}
{% endif %}
let {{ sums }} = sum_{{ i }}_{{ j }};
{% if subgroups_wait %}
{{ turn }}
{% endif %}
coopStoreT({{ sums }}, outputs, SIDE);
{% if subgroups_wait %}
}
{% endif %}
{{ store_barrier }}();
{% if subgroups_wait %}
{{ turn }}
{% endif %}
{% if whole %}
store_matrix(first, lane, at{% if i > 0 %} + {{ i }}u * SIDE * stride{% endif %}{% if j > 0 %} + {{ j }}u * SIDE{% endif %});
{% else %}
store_edge(first, lane, {{ first_row }}{% if i > 0 %} + {{ i }}u * SIDE{% endif %}, tile_n + subgroup_n{% if j > 0 %} + {{ j }}u * SIDE{% endif %});
{% endif %}
{% if subgroups_wait %}
}
{% endif %}
{% endfor %}
{% endfor %}
{% if store_rounds > 1 and not subgroups_wait %}
}
{% endif %}
{% endfor %}
