{# Nibbles as mantissas, left where they stand in their word: what inputs and weights must agree on. #}
// A nibble that is ORed into the mantissa of 2^23 adds itself times 16^i, where i is its place in the word: subtracting 2^23 and the zero
// point leaves 16^i * (q - {{ zero_point }}), exactly. The input brings 16^-i, exactly too. A nibble beyond place 4 would reach the exponent, so the
// last three are shifted down first, to the places 0 to 2.
const MAGIC: u32 = 0x4B000000u;
const TWO_TO_23: f32 = 8388608.0;
const LOW_PLACES: vec4<f32> = vec4<f32>(1.0, 1.0 / 16.0, 1.0 / 256.0, 1.0 / 4096.0);
const HIGH_PLACES: vec4<f32> = vec4<f32>(1.0 / 65536.0, 1.0, 1.0 / 16.0, 1.0 / 256.0);
