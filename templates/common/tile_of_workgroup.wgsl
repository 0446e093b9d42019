{# Which tile of the output a workgroup computes; one that finds none leaves as a whole, so that barriers stay uniform. #}
// Tiles are numbered row by row; the y of the grid folds what exceeds the limit of x.
let tile = workgroup.y * workgroups.x + workgroup.x;
let tiles_n = (params.N + TILE_N - 1u) / TILE_N;
let tile_m = (tile / tiles_n) * TILE_M;
let tile_n = (tile % tiles_n) * TILE_N;
if (tile_m >= params.M) {
    return;
}
