{# Stores a matrix that lies in workgroup memory: `store_matrix` where all of its outputs exist, `store_edge` elsewhere. The loads of the latter stand before its
   conditions, so that none waits for another. #}

// Rows of a matrix that the lanes of a subgroup store at once.
const STORED_ROWS: u32 = SUBGROUP_SIZE / SIDE;
{% if not direct_stores %}

// Stores the matrix at `first` in `output_tile`, of which `at` is where the lane's first output belongs.
fn store_matrix(first: u32, lane: u32, at: u32) {
    for (var row = 0u; row < SIDE; row += STORED_ROWS) {
        output[at + row * params.output_stride] = output_tile[first + row * SIDE + lane];
    }
}
{% endif %}

// Stores those outputs of the matrix at `first` in `output_tile` that exist; the first of them is that of row m and column n.
fn store_edge(first: u32, lane: u32, m: u32, n: u32) {
    let row = m + lane / SIDE;
    let column = n + lane % SIDE;
    let at = params.output_offset + row * params.output_stride + column;
    let rows = select(0u, params.M, column < params.N);
    {% for i in range(end=side * side // subgroup_size) %}
    let value_{{ i }} = output_tile[first + lane{% if i > 0 %} + {{ i }}u * SUBGROUP_SIZE{% endif %}];
    {% endfor %}
    {% for i in range(end=side * side // subgroup_size) %}
    if (row{% if i > 0 %} + {{ i }}u * STORED_ROWS{% endif %} < rows) {
        output[at{% if i > 0 %} + {{ i }}u * STORED_ROWS * params.output_stride{% endif %}] = value_{{ i }};
    }
    {% endfor %}
}
