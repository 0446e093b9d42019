{# Stores a matrix of which some outputs may not exist. #}

// Stores those outputs of the matrix at `first` in `edge_tile` that exist; the first of them is that of row m and column n.
fn store_edge(first: u32, lane: u32, m: u32, n: u32) {
    for (var element = lane; element < SIDE * SIDE; element += SUBGROUP_SIZE) {
        let row = m + element / SIDE;
        let column = n + element % SIDE;
        if (row < params.M && column < params.N) {
            output[params.output_offset + row * params.output_stride + column] = edge_tile[first + element];
        }
    }
}
