{# The bits of a magic number as compilers don't know them. #}
// M is below 2^31, which compilers can't know: with a second constant they would mask and OR a nibble in two operations, with this number they do in one.
let magic = MAGIC | (params.M >> 31u);
