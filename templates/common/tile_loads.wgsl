{# Loads of one step. Past the end of a row something that exists is loaded, and inputs are zero there. #}

// Four inputs of the row that starts at vector `row`, zero past its end.
fn load_input(row: u32, k: u32) -> vec4<f32> {
    let x = input[row + min(k, {{ k }} - 4u) / 4u];
    return select(vec4<f32>(), x, k < {{ k }});
}

// The word with weights k to k + 7 of the row that starts at word `row`, the last one past the end.
fn load_word(row: u32, k: u32) -> u32 {
    return weight[row + min(k, {{ k }} - WEIGHTS_PER_WORD) / WEIGHTS_PER_WORD];
}

// The scale of that word.
fn load_scale(n: u32, k: u32) -> f32 {
    return scales[(min(k, {{ k }} - WEIGHTS_PER_WORD) / {{ group_size }}) * params.padded_N + n];
}
