{# Puts what a lane has loaded where others read it. What lies past the end of K is seen to here and not at the load, because whoever looks at a load waits for it. #}
{% if staged.some_idle %}
if (lane < ROWS * ROW_VECTORS) {
    tile[place_of(lane)] = within_k(item_0, lane, first);
}
{% else %}
if (first + LANES_K <= loads) {
    {% for item in staged.items %}
    tile[place_of({{ item.number }})] = item_{{ item.index }};
    {% endfor %}
} else {
    {% for item in staged.items %}
    tile[place_of({{ item.number }})] = within_k(item_{{ item.index }}, {{ item.number }}, first);
    {% endfor %}
}
{% endif %}
