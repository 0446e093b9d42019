//! The kernels of a few rows.

use q4_kernel_types::{Configuration, Geometry, Skinny, layout::WEIGHTS_PER_WORD};

use super::{configuration, may_be_multiples, reductions};
use crate::spec::{KernelSpec, SkinnySpec};

/// Kernels for ever more rows, up to the most that a lane has sums for.
pub(super) fn few(spec: &KernelSpec) -> Vec<Configuration> {
    if !may_be_multiples(spec, WEIGHTS_PER_WORD) {
        return Vec::new();
    }
    let wish = spec.few.unwrap_or_default();
    let mut variants = Vec::new();
    for rows in Skinny::ROWS {
        for &reduction in reductions(wish.reduction) {
            let skinny = Skinny {
                rows,
                width: wish.width.unwrap_or(Skinny::DEFAULT_WIDTH),
                columns: wish.columns.unwrap_or(Skinny::DEFAULT_COLUMNS),
                lane_columns: wish.lane_columns.unwrap_or(Skinny::DEFAULT_LANE_COLUMNS),
                words: skinny_words(spec, wish),
                reduction,
            };
            variants.push(configuration(spec, Geometry::Skinny(skinny)));
        }
    }
    variants
}

/// Long loads unless they are sure not to fit. A layer of run-time shape that they do not fit goes to the GEMM: a second set of kernels for
/// it would double the route.
fn skinny_words(spec: &KernelSpec, wish: SkinnySpec) -> u32 {
    wish.words.unwrap_or_else(|| {
        let long = Skinny::DEFAULT_WORDS * WEIGHTS_PER_WORD;
        if may_be_multiples(spec, long) {
            Skinny::DEFAULT_WORDS
        } else {
            1
        }
    })
}
