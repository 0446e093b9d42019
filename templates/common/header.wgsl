{# What a reader must know before the first line of code. #}
// {{ name }}
//
// {{ summary }}
//     {{ layout_formula }}
//
{% for line in facts %}
//   {{ line }}
{% endfor %}
