{# Inputs of one step of all lanes: what of the input is staged, and where it stands in workgroup memory. #}

// Item `item` of the tile of the step from load `first` on, row by row: a vector of the inputs that lanes need for it. Rows past the edge repeat the last one; the store drops
// them. Past the end of K it is the last vector of the row.
fn load_item(item: u32, first: u32) -> vec4<f32> {
    let row = min(item / ROW_VECTORS, params.M - 1u);
    let vector = min(first * VECTORS + item % ROW_VECTORS, {{ k }} / 4u - 1u);
    return input[(params.input_offset + row * {{ k }}) / 4u + vector];
}

// Where vector `vector` of a row stands, one of VECTORS of a lane. All lanes' first vectors stand side by side, then their second ones, as lanes read them; each time the
// lanes are turned, so that lanes which store neighbouring vectors of the input meet no bank twice.
fn place(row: u32, vector: u32) -> u32 {
    let of_lane = vector % VECTORS;
    return (row * VECTORS + of_lane) * LANES_K + ((vector / VECTORS) ^ (of_lane * {{ staged.turn }}u % LANES_K));
}

fn place_of(item: u32) -> u32 {
    return place(item / ROW_VECTORS, item % ROW_VECTORS);
}

// What of an item is within K: zeros past the end, so that whatever weights a lane has there add nothing.
fn within_k(value: vec4<f32>, item: u32, first: u32) -> vec4<f32> {
    return select(vec4<f32>(), value, first * VECTORS + item % ROW_VECTORS < {{ k }} / 4u);
}
