{# Adds up the subgroups' sums and stores those outputs that exist. Two sets of sums take turns, so that one barrier a block is enough: when a set is written
   again, everybody has come past the barrier of the block between, and so has read it. naga 30 does not evaluate what stands within the arguments of a
   cooperative store, so every one of them has a name. #}
let first_sum = turn * (SUBGROUPS * SIDE * SIDE);
let sums = sum;
let own_sums = &partial[first_sum + subgroup * (SIDE * SIDE)];
coopStoreT(sums, own_sums, SIDE);
workgroupBarrier();
if (stored) {
    for (var other = 0u; other < SUBGROUPS; other++) {
        total += partial[first_sum + other * (SIDE * SIDE) + thread];
    }
    output[y] = total;
}
turn = 1u - turn;
