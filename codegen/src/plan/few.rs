//! The kernels of a few rows.

use q4_kernel_types::{
    Configuration, Geometry, NumericClass, Skinny, SkinnyMatrix, layout::WEIGHTS_PER_WORD,
};

use super::{configuration, may_be_multiples, reductions};
use crate::spec::{KernelSpec, SkinnySpec};

/// The variants for a few rows: matrices, where the description allows their class and asks for nothing else, then kernels for ever more rows.
pub(super) fn few(spec: &KernelSpec) -> Vec<Configuration> {
    if !may_be_multiples(spec, WEIGHTS_PER_WORD) {
        return Vec::new();
    }
    let mut variants = Vec::new();
    if spec.few.is_none() {
        variants.extend(matrix(spec));
    }
    let wish = spec.few.unwrap_or_default();
    for rows in Skinny::ROWS {
        for &reduction in reductions(wish.reduction) {
            let skinny = Skinny {
                rows,
                width: wish.width.unwrap_or(Skinny::DEFAULT_WIDTH),
                columns: wish.columns.unwrap_or(Skinny::DEFAULT_COLUMNS),
                lane_columns: wish.lane_columns.unwrap_or(Skinny::DEFAULT_LANE_COLUMNS),
                words: words(spec, wish),
                reduction,
            };
            variants.push(configuration(spec, Geometry::Skinny(skinny)));
        }
    }
    variants
}

/// One kernel of matrices serves all rows that they hold.
fn matrix(spec: &KernelSpec) -> Option<Configuration> {
    let numeric = NumericClass::F16Multiply;
    (spec.numeric.allows(numeric) && may_be_multiples(spec, SkinnyMatrix::LOAD)).then(|| Configuration {
        numeric,
        ..configuration(spec, Geometry::SkinnyMatrix(SkinnyMatrix::DEFAULT))
    })
}

/// The longest loads that are not sure to straddle rows or groups. A layer of run-time shape that they do not fit goes to the GEMM: a second set of
/// kernels for it would double the route.
fn words(spec: &KernelSpec, wish: SkinnySpec) -> u32 {
    let longest = || {
        let fits = |words: &u32| may_be_multiples(spec, words * WEIGHTS_PER_WORD);
        Skinny::WORDS.into_iter().filter(fits).max()
    };
    wish.words.or_else(longest).unwrap_or(Skinny::DEFAULT_WORDS)
}
