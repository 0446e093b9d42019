{# A lane's part of a row of inputs. #}

// Eight inputs of a row, zero past the last row and the end of K: there products must be zero, whatever is multiplied.
fn load_input(at: u32, is_there: bool) -> array<vec4<f32>, 2> {
    if (is_there) {
        return array<vec4<f32>, 2>(input[at], input[at + 1u]);
    }
    return array<vec4<f32>, 2>();
}
