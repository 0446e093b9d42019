{# Where a step lies in workgroup memory. #}

// Where a vector of a staged row lies. Every second load has its vectors swapped in pairs: of two lanes that store the same part of neighbouring
// loads, one writes the first half of 16 bytes and the other the second, so that sixteen lanes fill all banks. Products do not mind the order
// of k as long as inputs and weights have the same.
fn place_of(row: u32, load: u32, vector: u32) -> u32 {
    return row * STRIDE + load * (LOAD / 4u) + (vector ^ (load & 1u));
}
