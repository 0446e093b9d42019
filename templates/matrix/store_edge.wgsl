{# Stores a matrix of which some outputs may not exist. #}

// Stores those outputs of the subgroup's matrix in `edge_tile` that exist; its first one is that of row m and column n.
fn store_edge(subgroup: u32, lane: u32, m: u32, n: u32) {
    for (var element = lane; element < SIDE * SIDE; element += SUBGROUP_SIZE) {
        let row = m + element / SIDE;
        let column = n + element % SIDE;
        if (row < params.M && column < params.N) {
            output[params.output_offset + row * params.output_stride + column] = edge_tile[subgroup * (SIDE * SIDE) + element];
        }
    }
}
