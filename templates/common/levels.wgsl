{# The codebook where every lane finds it at once. #}

// The levels that nibbles stand for: as many as lanes can look up at once, whichever each of them needs, since every one has a bank of its own.
var<workgroup> levels: array<f32, LEVELS>;
