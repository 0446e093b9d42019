{# What a word of rounded inputs holds. #}
// Two inputs of a word. What looks like two conversions is none: compilers see that both forms are the same bits.
fn input_pair(word: u32) -> vec2<f16> {
    return vec2<f16>(unpack2x16float(word));
}
