//! The kernels of a few rows.

use q4_kernel_types::{
    Configuration, Geometry, HeldMatrix, NumericClass, Reduction, Skinny, SkinnyMatrix, Stream,
    layout::WEIGHTS_PER_WORD,
};

use super::{configuration, groups_may_fit_loads, may_be_loads, reductions};
use crate::spec::{FewSpec, KernelSpec, SkinnySpec, StreamOfRowsSpec};

/// Rows up to which kernels in f32 are faster than held matrices, by measurement.
const QUICK_IN_F32: u32 = 2;

/// The variants for a few rows: kernels for ever more of them. Streaming ones come first, up to as many rows as they hold. Matrices hold 16, and take nearly as long
/// for fewer: where the description allows their class and asks for nothing else, held ones come behind those that are quick in f32, the others before the last.
pub(super) fn few(spec: &KernelSpec) -> Vec<Configuration> {
    if !spec.may_be_multiples(WEIGHTS_PER_WORD) {
        return Vec::new();
    }
    let mut variants = Vec::new();
    if let Some(FewSpec::HeldMatrix(wish)) = spec.few {
        variants.push(rounded(spec, Geometry::HeldMatrix(wish.geometry(spec.k))));
    }
    for rows in Skinny::ROWS {
        let streams = match spec.few {
            Some(FewSpec::Skinny(_)) => Vec::new(),
            Some(FewSpec::Stream(wish)) => stream(spec, wish, rows),
            Some(FewSpec::HeldMatrix(_)) | None => stream(spec, StreamOfRowsSpec::default(), rows),
        };
        let wish = match spec.few {
            Some(FewSpec::Skinny(wish)) => wish,
            Some(FewSpec::Stream(StreamOfRowsSpec { reduction, .. })) => SkinnySpec {
                reduction,
                ..SkinnySpec::default()
            },
            // Subgroups are there for the others.
            Some(FewSpec::HeldMatrix(_)) | None => SkinnySpec {
                reduction: (!streams.is_empty()).then_some(Reduction::Shared),
                ..SkinnySpec::default()
            },
        };
        if rows == SkinnyMatrix::ROWS && spec.few.is_none() {
            variants.extend(matrix(spec));
        }
        variants.extend(streams);
        variants.extend(skinny(spec, wish, rows));
        if rows == QUICK_IN_F32 && spec.few.is_none() {
            variants.extend(held_matrix(spec));
        }
    }
    variants
}

/// Streaming kernels for as many rows, where there are such.
fn stream(spec: &KernelSpec, wish: StreamOfRowsSpec, rows: u32) -> Vec<Configuration> {
    if !Stream::ROWS.contains(&rows) || !may_be_loads(spec) {
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
            let skinny = wish.geometry(spec, rows, reduction);
            configuration(spec, Geometry::Skinny(skinny))
        })
        .collect()
}

/// One kernel of matrices serves all rows that they hold.
fn matrix(spec: &KernelSpec) -> Option<Configuration> {
    (spec.numeric.allows(NumericClass::F16Multiply) && may_be_loads(spec))
        .then(|| rounded(spec, Geometry::SkinnyMatrix(SkinnyMatrix::DEFAULT)))
}

/// The same of matrices that stay in registers: as many of them as K may be shares of.
fn held_matrix(spec: &KernelSpec) -> Option<Configuration> {
    let fits = |matrix: &HeldMatrix| spec.k.is_none_or(|k| k.is_multiple_of(matrix.share()));
    (spec.numeric.allows(NumericClass::F16Multiply) && groups_may_fit_loads(spec))
        .then(|| {
            let choices = HeldMatrix::HELD.map(|held| HeldMatrix::for_k(spec.k, held));
            choices.into_iter().filter(fits).max_by_key(|matrix| matrix.held)
        })
        .flatten()
        .map(|matrix| rounded(spec, Geometry::HeldMatrix(matrix)))
}

fn rounded(spec: &KernelSpec, geometry: Geometry) -> Configuration {
    Configuration {
        numeric: NumericClass::F16Multiply,
        ..configuration(spec, geometry)
    }
}
