{# Adds up the subgroups' sums and stores those outputs that exist. naga 30 does not evaluate what stands within the arguments of a cooperative store, so every one
   of them has a name. #}
// Everybody has read the sums of the block before.
workgroupBarrier();
let sums = sum;
let own_sums = &partial[subgroup * (SIDE * SIDE)];
coopStoreT(sums, own_sums, SIDE);
workgroupBarrier();
if (stored) {
    for (var other = 0u; other < SUBGROUPS; other++) {
        total += partial[other * (SIDE * SIDE) + thread];
    }
    output[y] = total;
}
