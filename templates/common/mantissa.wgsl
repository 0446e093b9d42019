{# Dequantisation of q4gsw without conversions: a nibble becomes the mantissa of a float whose exponent makes it a whole number. Where `opaque`, the bits of that are
   passed as a number that compilers don't know, by `common/magic.wgsl`. #}

// With these bits above a nibble, which is q + {{ zero_point }}, a float is 2^23 + q + {{ zero_point }}, exactly: conversions are slow, setting bits is not.
const {% if opaque %}MAGIC{% else %}MANTISSA_BITS{% endif %}: u32 = 0x4B000000u;
const MANTISSA_ZERO: f32 = 8388608.0 + {{ zero_point }}.0; // q == 0

// Weights 0 to 3 of a word, before scaling: the lowest nibble is the first k.
fn dequantize_low(word: u32{% if opaque %}, magic: u32{% endif %}) -> vec4<f32> {
    let nibbles = (vec4<u32>(word) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u);
    return bitcast<vec4<f32>>(nibbles | vec4<u32>({% if opaque %}magic{% else %}MANTISSA_BITS{% endif %})) - MANTISSA_ZERO;
}

// Weights 4 to 7 of a word.
fn dequantize_high(word: u32{% if opaque %}, magic: u32{% endif %}) -> vec4<f32> {
    return dequantize_low(word >> 16u{% if opaque %}, magic{% endif %});
}
