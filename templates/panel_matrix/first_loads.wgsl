{# Which inputs and weights a thread loads, and the first of them. Weights past the end of K repeat the last. #}
{% if divided %}
// The elements of K of a team, and where the own team's begin. Those past the end of K are zeros.
let share = ({{ k }} + {{ teams | length * share_step - 1 }}u) / {{ teams | length * share_step }}u * {{ share_step }}u;
let first_k = team * share;
let own_inputs = team * (TILE_K / 4u);
{% endif %}
{% if rounded_inputs %}
{% if lane_columns | length > 1 and not divided %}
// Rows are followed by what is loaded for tiles that never come.
{% else %}
// Rows are followed by zeros for tiles that reach beyond the end of K, which are multiplied whole, and by what is loaded for tiles that never come.
{% endif %}
let input_columns = {% if divided %}TEAMS * share{% else %}({{ k }} + {{ period - 1 }}u) / {{ period }}u * {{ period }}u{% endif %} + {{ period }}u;
{% endif %}
// Neighbouring threads load neighbouring inputs of a row{% if lane_columns | length > 1 %}, as much of either half of a stretch{% endif %}. Rows past the edge repeat the last one; the store drops them.
{% if some_load_less %}
// So do rows below the tile, which are not staged.
{% endif %}
{% for i in input_loads %}
{% if i > 0 and even_inputs %}
let x_row_{{ i }} = x_row_0 + {{ i }}u * (THREADS / {% if divided %}(TEAMS * TILE_LOADS){% else %}TILE_LOADS{% endif %});
let x_k_{{ i }} = x_k_0;
let x_place_{{ i }} = x_place_0 + {{ i }}u * (THREADS / {% if divided %}(TEAMS * TILE_LOADS){% else %}TILE_LOADS{% endif %}) * X_STRIDE;
{% else %}
let x_load_{{ i }} = {% if i > 0 %}thread + {{ i }}u * THREADS{% else %}thread{% endif %};
{% if divided %}
let x_row_{{ i }} = x_load_{{ i }} / (TEAMS * TILE_LOADS);
let x_team_{{ i }} = x_load_{{ i }} / TILE_LOADS % TEAMS;
{% else %}
let x_row_{{ i }} = x_load_{{ i }} / TILE_LOADS;
{% endif %}
{% if lane_columns | length > 1 %}
let x_part_{{ i }} = x_load_{{ i }} % TILE_LOADS / (TILE_LOADS / PARTS);
let x_eight_{{ i }} = x_load_{{ i }} % (TILE_LOADS / PARTS);
let x_k_{{ i }} = {% if divided %}x_team_{{ i }} * share + {% endif %}x_part_{{ i }} * LOAD + x_eight_{{ i }} * INPUTS;
let x_place_{{ i }} = x_row_{{ i }} * X_STRIDE + {% if divided %}x_team_{{ i }} * (TILE_K / 4u) + {% endif %}(x_eight_{{ i }} * PARTS + x_part_{{ i }}) * (INPUTS / 4u);
{% else %}
{% if divided %}
let x_k_{{ i }} = x_team_{{ i }} * share + x_load_{{ i }} % TILE_LOADS * INPUTS;
let x_place_{{ i }} = x_row_{{ i }} * X_STRIDE + x_load_{{ i }} % (TEAMS * TILE_LOADS) * (INPUTS / 4u);
{% else %}
let x_k_{{ i }} = x_load_{{ i }} % TILE_LOADS * INPUTS;
let x_place_{{ i }} = x_row_{{ i }} * X_STRIDE + x_k_{{ i }} / 4u;
{% endif %}
{% endif %}
{% endif %}
{% set row = "x_row_" ~ i %}
{% if some_load_less and loop.last %}
{% set row = "min(x_row_" ~ i ~ ", TILE_M - 1u)" %}
{% endif %}
{% if rounded_inputs %}
let x_{{ i }} = (params.input_offset + min(tile_m + {{ row }}, params.M - 1u) * input_columns + x_k_{{ i }}) / INPUTS;
var x_words_{{ i }} = input[x_{{ i }}];
{% else %}
let x_{{ i }} = (params.input_offset + min(tile_m + {{ row }}, params.M - 1u) * {{ k }}) / 4u;
var x_low_{{ i }} = load_input(x_{{ i }}, x_k_{{ i }});
var x_high_{{ i }} = load_input(x_{{ i }}, x_k_{{ i }} + 4u);
{% endif %}
{% endfor %}
{% if lane_columns | length > 1 %}
// A lane loads its part of a stretch of both columns, between them all that four panels hold; the loads behind them are on their way. What a load takes is the number
// of places in memory that its lanes meet in: those of two lanes are side by side.
let lane_k = part * LOAD;
{% set of_lane = " + lane_k" %}
{% else %}
// A lane loads of its column what two panels hold; the load behind it is on its way.
{% set of_lane = "" %}
{% endif %}
{% if divided %}
let first = min(first_k, {{ k }} - STRETCH);
let second = min(first_k + STRETCH, {{ k }} - STRETCH);
{% else %}
let second = min(STRETCH, {{ k }} - STRETCH);
{% endif %}
{% for c in lane_columns %}
let w{{ c.suffix }} = n{{ c.suffix }} * ({{ k }} / LOAD){% if lane_columns | length > 1 %} + part{% endif %};
var words{{ c.suffix }} = weight[w{{ c.suffix }}{% if divided %} + first / LOAD{% endif %}];
var next_words{{ c.suffix }} = weight[w{{ c.suffix }} + second / LOAD];
{% endfor %}
{% if scales_by_span %}
// For the same reason a lane loads the scales of all of a span at once{% if lane_columns | length > 1 %}, of one of its columns{% endif %}.
{% if lane_columns | length > 1 %}
let spans = select(n_0, n_1, part == 1u) * ({{ k }} / SPAN);
{% else %}
let spans = n * ({{ k }} / SPAN);
{% endif %}
{% set of_first = "" %}
{% set at_first = "0u" %}
{% if divided %}
{% set of_first = " + first / SPAN" %}
{% set at_first = "first" %}
{% endif %}
var next_scales = load_scales(spans{{ of_first }});
{% set loaded_scales = "of_span(next_scales, " ~ at_first ~ ")" %}
{% if affine %}
var next_offsets = load_offsets(spans{{ of_first }});
{% set loaded_offsets = "of_span(next_offsets, " ~ at_first ~ ")" %}
{% endif %}
{% set declare = "var " %}
{% include "panel_matrix/arrived_scales.wgsl" %}
{% else %}
{% if scales_swapped %}
// A stretch has one scale, which a lane loads of one of its columns.
let scale_n = select(n_0, n_1, part == 1u);
{% endif %}
{% for part in parts %}
{% if lane_columns | length > 1 %}
let first_group{{ part.suffix }} = {% if divided %}(first + lane_k){% else %}lane_k{% endif %} / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %};
{% elif divided %}
let first_group{{ part.suffix }} = first / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %};
{% else %}
let first_group{{ part.suffix }} = {{ part.index }}u;
{% endif %}
let second_group{{ part.suffix }} = (second{{ of_lane }}) / {{ group_size }}{% if part.index > 0 %} + {{ part.index }}u{% endif %};
{% for c in scale_columns %}
{% set name = c.suffix ~ part.suffix %}
{% if scales.format == "f32" and scales.order == "groups" %}
let first_scale{{ name }} = scales[first_group{{ part.suffix }} * params.padded_N + {{ c.n }}];
var next_scale{{ name }} = scales[second_group{{ part.suffix }} * params.padded_N + {{ c.n }}];
{% else %}
let first_scale{{ name }} = load_scale({{ c.n }}, first_group{{ part.suffix }});
var next_scale{{ name }} = load_scale({{ c.n }}, second_group{{ part.suffix }});
{% endif %}
{% if affine %}
let first_offset{{ name }} = load_offset({{ c.n }}, first_group{{ part.suffix }});
var next_offset{{ name }} = load_offset({{ c.n }}, second_group{{ part.suffix }});
{% endif %}
{% if not scales_swapped %}
var scale{{ name }} = {% if encoding == "symmetric" %}split_scale(first_scale{{ name }}){% else %}first_scale{{ name }}{% endif %};
{% if affine %}
var offset{{ name }} = offset_beside(first_scale{{ name }}, first_offset{{ name }});
{% endif %}
{% endif %}
{% endfor %}
{% endfor %}
{% if scales_swapped %}
{% set loaded_scales = "vec2<f32>(first_scale)" %}
{% set loaded_offsets = "vec2<f32>(first_offset)" %}
{% set declare = "var " %}
{% include "panel_matrix/arrived_scales.wgsl" %}
{% endif %}
{% endif %}
