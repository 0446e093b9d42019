//! The kernels of a few rows.

use q4_kernel_types::{
    Configuration, Geometry, NumericClass, Skinny, SkinnyMatrix, layout::WEIGHTS_PER_WORD,
};

use super::{configuration, may_be_multiples, reductions};
use crate::spec::KernelSpec;

/// The variants for a few rows: kernels for ever more of them. Matrices hold 16, and take as long for fewer: where the description allows their
/// class and asks for nothing else, they come before the last of the others.
pub(super) fn few(spec: &KernelSpec) -> Vec<Configuration> {
    if !may_be_multiples(spec, WEIGHTS_PER_WORD) {
        return Vec::new();
    }
    let wish = spec.few.unwrap_or_default();
    let mut variants = Vec::new();
    for rows in Skinny::ROWS {
        if rows == SkinnyMatrix::ROWS && spec.few.is_none() {
            variants.extend(matrix(spec));
        }
        for &reduction in reductions(wish.reduction) {
            let default = Skinny::for_rows(rows, reduction);
            let skinny = Skinny {
                width: wish.width.unwrap_or(default.width),
                columns: wish.columns.unwrap_or(default.columns),
                lane_columns: wish.lane_columns.unwrap_or(default.lane_columns),
                words: wish.words.unwrap_or_else(|| words(spec, default.words)),
                ..default
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

/// The longest loads up to `most` words that are not sure to straddle rows or groups. A layer of run-time shape that they do not fit goes to the GEMM: a
/// second set of kernels for it would double the route.
fn words(spec: &KernelSpec, most: u32) -> u32 {
    let fits = |words: &u32| *words <= most && may_be_multiples(spec, words * WEIGHTS_PER_WORD);
    Skinny::WORDS.into_iter().filter(fits).max().unwrap_or(most)
}
