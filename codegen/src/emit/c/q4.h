/* How a nibble q, 0 to 15, and the numbers of its group make a weight. */
typedef enum q4_encoding {
    Q4_SYMMETRIC,                  /* scale * (q - Q4_ZERO_POINT) */
    Q4_ZERO_POINT_OF_GROUP,        /* scale * (q - zero point): Q4_BINDING_OFFSETS has bytes */
    Q4_MINIMUM,                    /* scale * q + minimum: Q4_BINDING_OFFSETS has them, stored as the scales are */
    Q4_CODEBOOK                    /* scale * level[q]: Q4_BINDING_CODEBOOK has Q4_LEVELS of them, f32 */
} q4_encoding;

/* What a device has. */
typedef struct q4_device {
    uint32_t features;             /* of Q4_FEATURE_* */
    uint32_t smallest_subgroup;    /* lanes; 0 where there are no subgroups */
    uint32_t largest_subgroup;
    uint32_t most_invocations;     /* per workgroup, in all and along x */
    uint32_t most_workgroup_bytes;
    uint32_t most_workgroups;      /* per dimension of a dispatch */
} q4_device;

/* What a variant needs of a device. */
typedef struct q4_needs {
    uint32_t features;
    uint32_t subgroup_size;        /* the only one that will do; 0 where any will */
    uint32_t workgroup_size;       /* invocations, all along x */
    uint32_t workgroup_bytes;
} q4_needs;

/* The shapes that a variant serves. */
typedef struct q4_constraints {
    uint32_t most_rows;
    uint32_t k;                    /* the only one; 0 where K is not fixed */
    uint32_t k_multiple;
    uint32_t k_most;
    uint32_t group_size;           /* the only one; 0 where it is not fixed */
    uint32_t group_size_multiple;
} q4_constraints;

/* How many workgroups a variant is dispatched with: see q4_grid. */
typedef enum q4_dispatch_kind { Q4_GRID_STRIDE, Q4_PERSISTENT, Q4_DEALT, Q4_FOLDED } q4_dispatch_kind;

typedef struct q4_dispatch {
    q4_dispatch_kind kind;
    uint32_t rows;                 /* of a tile; folded grids only */
    uint32_t columns;              /* of a block or tile */
    uint32_t workgroups;           /* at most; persistent and dealt grids only */
} q4_dispatch;

/* A variant is considered before the one at place `before` of its route for up to `rows` rows: 0 where it never is. */
typedef struct q4_precedence {
    uint32_t rows;
    uint32_t before;
} q4_precedence;

/* One kernel. Files lie beside this header; NULL where the language has no words for what the variant does. */
typedef struct q4_variant {
    const char *name;
    const char *numeric;
    q4_precedence precedence;
    q4_constraints constraints;
    q4_dispatch dispatch;
    q4_needs needs;
    const char *spirv;
    const char *msl;
    const char *hlsl;
    const char *wgsl;
} q4_variant;

/* The variants of a described layer, each route in order of preference, which q4_precedence changes for few rows. 0 stands for a dimension that comes at run time. */
typedef struct q4_kernel {
    const char *name;
    uint32_t n, k, group_size;
    q4_encoding encoding;
    uint32_t bindings;             /* bit i for number i of q4_binding: see q4_binds */
    const char *bias;              /* optional, never, always */
    const char *scale_format;
    const char *scale_order;
    const q4_variant *decode;      /* M == 1 */
    const q4_variant *few;         /* a few rows */
    const q4_variant *prefill;     /* any M */
    uint32_t decode_count, few_count, prefill_count;
} q4_kernel;

static inline uint32_t q4_div_ceil(uint32_t value, uint32_t by) { return value / by + (value % by != 0); }

/* Bytes of one row of packed weights. */
static inline uint32_t q4_packed_k(uint32_t k) { return q4_div_ceil(k, 8 / Q4_BITS); }

/* Columns of the scale matrix. */
static inline uint64_t q4_padded_n(uint32_t n) {
    return (uint64_t)q4_div_ceil(n, Q4_PADDED_N_MULTIPLE) * Q4_PADDED_N_MULTIPLE;
}

/* Bytes of packed weights: even k in the low nibble. */
static inline uint64_t q4_weight_bytes(uint32_t n, uint32_t k) { return (uint64_t)n * q4_packed_k(k); }

/* Number of scales, padding included, that a kernel reads: [N, ceil(K / group_size)] by columns, [ceil(K / group_size), padded N] by groups. As many
 * zero points or minimums stand in the same order. */
static inline uint64_t q4_scale_count(const q4_kernel *kernel, uint32_t n, uint32_t k, uint32_t group_size) {
    uint64_t columns = strcmp(kernel->scale_order, "columns") == 0 ? n : q4_padded_n(n);
    return q4_div_ceil(k, group_size) * columns;
}

/* Whether a kernel binds a buffer. */
static inline bool q4_binds(const q4_kernel *kernel, enum q4_binding binding) { return (kernel->bindings >> binding) & 1u; }

/* Whether a device runs a variant. */
static inline bool q4_runs(const q4_needs *needs, const q4_device *device) {
    bool fits = needs->subgroup_size == 0 ||
                (needs->subgroup_size == device->smallest_subgroup && needs->subgroup_size == device->largest_subgroup);
    return fits && (needs->features & ~device->features) == 0 && needs->workgroup_size <= device->most_invocations &&
           needs->workgroup_bytes <= device->most_workgroup_bytes;
}

/* Whether a variant serves m rows of a layer. A dispatch of what it does not serve reads beyond its buffers. */
static inline bool q4_serves(const q4_constraints *serves, uint32_t m, uint32_t k, uint32_t group_size) {
    return m > 0 && m <= serves->most_rows && (serves->k == 0 || k == serves->k) && k > 0 && k % serves->k_multiple == 0 &&
           k <= serves->k_most && (serves->group_size == 0 || group_size == serves->group_size) && group_size > 0 &&
           group_size % serves->group_size_multiple == 0;
}

/* Whether one variant of a route is considered before another for m rows: as they stand, but for those that come before others for few rows, of which those
 * for fewer come first. */
static inline bool q4_comes_before(const q4_variant *variants, uint32_t one, uint32_t other, uint32_t m) {
    const q4_precedence *of_one = &variants[one].precedence, *of_other = &variants[other].precedence;
    bool moved = m <= of_one->rows, other_moved = m <= of_other->rows;
    uint32_t place = moved ? of_one->before : one, other_place = other_moved ? of_other->before : other;
    if (place != other_place) {
        return place < other_place;
    }
    if (moved != other_moved) {
        return moved;
    }
    return moved && of_one->rows != of_other->rows ? of_one->rows < of_other->rows : one < other;
}

static inline const q4_variant *q4_first(const q4_variant *variants, uint32_t count, const q4_device *device, uint32_t m,
                                         uint32_t k, uint32_t group_size) {
    uint32_t first = count;
    for (uint32_t index = 0; index < count; ++index) {
        if (q4_runs(&variants[index].needs, device) && q4_serves(&variants[index].constraints, m, k, group_size) &&
            (first == count || q4_comes_before(variants, index, first, m))) {
            first = index;
        }
    }
    return first == count ? NULL : &variants[first];
}

/* The variant for m rows of a layer; NULL where the kernel serves none such on this device. */
static inline const q4_variant *q4_choose(const q4_kernel *kernel, const q4_device *device, uint32_t m, uint32_t n, uint32_t k,
                                          uint32_t group_size) {
    const q4_variant *found = NULL;
    if (n == 0 || (kernel->n != 0 && n != kernel->n)) {
        return NULL;
    }
    if (m == 1) {
        found = q4_first(kernel->decode, kernel->decode_count, device, m, k, group_size);
    }
    if (found == NULL) {
        found = q4_first(kernel->few, kernel->few_count, device, m, k, group_size);
    }
    if (found == NULL) {
        found = q4_first(kernel->prefill, kernel->prefill_count, device, m, k, group_size);
    }
    return found;
}

/* The workgroups of a variant for m rows and n columns. False where they do not fit `limit` per dimension; dispatch fewer rows then. */
static inline bool q4_grid(const q4_dispatch *dispatch, uint32_t m, uint32_t n, uint32_t limit, uint32_t grid[3]) {
    uint32_t blocks = q4_div_ceil(n, dispatch->columns);
    grid[0] = grid[1] = grid[2] = 1;
    if (limit == 0) {
        limit = 1;
    }
    switch (dispatch->kind) {
    case Q4_GRID_STRIDE:
        grid[0] = blocks < limit ? blocks : limit;
        return true;
    case Q4_PERSISTENT: {
        uint32_t most = dispatch->workgroups < limit ? dispatch->workgroups : limit;
        uint32_t rounds = q4_div_ceil(blocks, most > 0 ? most : 1);
        grid[0] = q4_div_ceil(blocks, rounds > 0 ? rounds : 1);
        return true;
    }
    case Q4_DEALT: {
        uint32_t most = dispatch->workgroups < limit ? dispatch->workgroups : limit;
        grid[0] = blocks < most ? blocks : most;
        return true;
    }
    case Q4_FOLDED: {
        uint64_t tiles = (uint64_t)q4_div_ceil(m, dispatch->rows) * blocks;
        uint64_t y = tiles / limit + (tiles % limit != 0);
        uint64_t x;
        y = y > 0 ? y : 1;
        x = tiles / y + (tiles % y != 0);
        if (x > limit || y > limit) {
            return false;
        }
        grid[0] = (uint32_t)x;
        grid[1] = (uint32_t)y;
        return true;
    }
    }
    return false;
}

/* The uniform of a whole multiplication: no window of a larger one. */
static inline q4_params q4_params_of(uint32_t m, uint32_t n, uint32_t k, uint32_t group_size, bool has_bias) {
    q4_params params = {0};
    params.M = m;
    params.N = n;
    params.K = k;
    params.K_packed = q4_packed_k(k);
    params.group_size = group_size;
    params.padded_N = (uint32_t)q4_padded_n(n);
    params.has_bias = has_bias ? 1 : 0;
    params.output_stride = n;
    return params;
}
