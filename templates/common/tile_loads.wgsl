{# Loads of a step that is not whole. What is past the end of a row is not loaded and adds nothing. #}

fn load_input(place: u32, exists: bool) -> vec4<f32> {
    if (exists) {
        return input[place];
    }
    return vec4<f32>();
}

fn load_word(place: u32, exists: bool) -> u32 {
    if (exists) {
        return weight[place];
    }
    return 0u;
}

fn load_scale(n: u32, k: u32, exists: bool) -> f32 {
    if (exists) {
        return scales[(k / {{ group_size }}) * params.padded_N + n];
    }
    return 0.0;
}
