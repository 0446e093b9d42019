{# Puts what a lane has loaded where others read it. What lies past the end of K is seen to here and not at the load, because whoever looks at a load waits for it. #}
{% if staged.some_idle %}
if (lane < ROWS * ROW_VECTORS) {
    tile[place_of(lane)] = within_k(item_0, lane, first);
}
{% else %}
if (first + LANES_K <= loads) {
    {% for i in staged.own %}
    tile[place_of(lane{% if i > 0 %} + {{ i }}u * WIDTH{% endif %})] = item_{{ i }};
    {% endfor %}
} else {
    {% for i in staged.own %}
    tile[place_of(lane{% if i > 0 %} + {{ i }}u * WIDTH{% endif %})] = within_k(item_{{ i }}, lane{% if i > 0 %} + {{ i }}u * WIDTH{% endif %}, first);
    {% endfor %}
}
{% endif %}
