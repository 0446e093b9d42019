//! The kernels of a few rows.

use q4_kernel_types::{
    Configuration, Geometry, NumericClass, Reduction, Skinny, SkinnyMatrix, Stream, layout::WEIGHTS_PER_WORD,
};

use super::{configuration, may_be_multiples, reductions};
use crate::spec::{FewSpec, KernelSpec, SkinnySpec, StreamOfRowsSpec};

/// The variants for a few rows: kernels for ever more of them. Streaming ones come first, up to as many rows as they hold. Matrices hold 16, and take as long
/// for fewer: where the description allows their class and asks for nothing else, they come before the last of the others.
pub(super) fn few(spec: &KernelSpec) -> Vec<Configuration> {
    if !may_be_multiples(spec, WEIGHTS_PER_WORD) {
        return Vec::new();
    }
    let mut variants = Vec::new();
    for rows in Skinny::ROWS {
        if rows == SkinnyMatrix::ROWS && spec.few.is_none() {
            variants.extend(matrix(spec));
        }
        let streams = match spec.few {
            Some(FewSpec::Skinny(_)) => Vec::new(),
            Some(FewSpec::Stream(wish)) => stream(spec, wish, rows),
            None => stream(spec, StreamOfRowsSpec::default(), rows),
        };
        let wish = match spec.few {
            Some(FewSpec::Skinny(wish)) => wish,
            Some(FewSpec::Stream(StreamOfRowsSpec { reduction, .. })) => SkinnySpec {
                reduction,
                ..SkinnySpec::default()
            },
            // Subgroups are there for the others.
            None => SkinnySpec {
                reduction: (!streams.is_empty()).then_some(Reduction::Shared),
                ..SkinnySpec::default()
            },
        };
        variants.extend(streams);
        variants.extend(skinny(spec, wish, rows));
    }
    variants
}

/// Streaming kernels for as many rows, where there are such.
fn stream(spec: &KernelSpec, wish: StreamOfRowsSpec, rows: u32) -> Vec<Configuration> {
    if !Stream::ROWS.contains(&rows) || !may_be_multiples(spec, Stream::CHUNK) {
        return Vec::new();
    }
    reductions(wish.reduction)
        .iter()
        .map(|reduction| configuration(spec, Geometry::Stream(wish.geometry(rows, spec.k, *reduction))))
        .collect()
}

/// Skinny kernels for as many rows.
fn skinny(spec: &KernelSpec, wish: SkinnySpec, rows: u32) -> Vec<Configuration> {
    reductions(wish.reduction)
        .iter()
        .map(|&reduction| {
            let default = Skinny::for_rows(rows, reduction);
            let skinny = Skinny {
                width: wish.width.unwrap_or(default.width),
                columns: wish.columns.unwrap_or(default.columns),
                lane_columns: wish.lane_columns.unwrap_or(default.lane_columns),
                words: wish.words.unwrap_or_else(|| words(spec, default.words)),
                ..default
            };
            configuration(spec, Geometry::Skinny(skinny))
        })
        .collect()
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
