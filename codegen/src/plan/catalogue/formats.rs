//! The catalogue's kernels for formats beside q4gsw.

use q4_kernel_types::{
    Configuration, Coop4, Encoding, Gemm, Gemv, Geometry, GroupSize, HeldMatrix, Matrix, PanelMatrix,
    Reduction, ScaleFormat, Skinny, SkinnyMatrix, Staged, Stream, layout::WEIGHTS_PER_WORD,
};

use super::{decode::few_rows, prefill::ragged, rounded, standard};

/// The formats beside q4gsw that the catalogue has kernels for, with the group size that most weights of each have: those of the files that people
/// have, and of every encoding one that holds whatever scales there are.
const FORMATS: [(Encoding, ScaleFormat, u32); 10] = [
    (Encoding::Symmetric, ScaleFormat::F16, 32),
    (Encoding::ZeroPoint, ScaleFormat::F16, 128),
    (Encoding::ZeroPoint, ScaleFormat::F32, 32),
    (Encoding::Minimum, ScaleFormat::F16, 32),
    (Encoding::Minimum, ScaleFormat::Bf16, 64),
    (Encoding::Minimum, ScaleFormat::F32, 32),
    (Encoding::Codebook, ScaleFormat::F32, 64),
    (Encoding::Codebook, ScaleFormat::F16, 32),
    (Encoding::Codebook, ScaleFormat::E8m0, 32),
    (Encoding::Codebook, ScaleFormat::E4m3, 16),
];

/// The defaults for every format.
pub(super) fn all() -> Vec<Configuration> {
    FORMATS
        .into_iter()
        .flat_map(|(encoding, format, group_size)| of_format(encoding, format, group_size))
        .collect()
}

/// The defaults for one format: for its group size and for any other, on every route. The GEMVs of symmetric weights stand above.
fn of_format(encoding: Encoding, format: ScaleFormat, group_size: u32) -> Vec<Configuration> {
    let fixed = GroupSize::Fixed(group_size);
    let coop4 = |reduction| {
        Geometry::Coop4(Coop4 {
            width: Coop4::DEFAULT_WIDTH,
            columns: Coop4::DEFAULT_COLUMNS,
            words: Coop4::DEFAULT_WORDS,
            reduction,
        })
    };
    let gemv = |reduction| {
        Geometry::Gemv(Gemv {
            width: Gemv::DEFAULT_WIDTH,
            columns: Gemv::DEFAULT_COLUMNS,
            resident: 0,
            staged: false,
            workgroups: Gemv::DEFAULT_WORKGROUPS,
            reduction,
        })
    };
    let mut variants = Vec::new();
    let reduction = Reduction::Subgroup;
    let streams = [Stream::default_of(true, reduction)]
        .into_iter()
        .chain(few_rows(reduction));
    variants.extend(streams.map(|stream| standard(Geometry::Stream(stream), fixed)));
    if encoding != Encoding::Symmetric {
        variants.extend([
            standard(gemv(Reduction::Subgroup), fixed),
            standard(gemv(Reduction::Subgroup), GroupSize::Runtime),
            standard(gemv(Reduction::Shared), GroupSize::Runtime),
        ]);
    }
    variants.push(standard(coop4(Reduction::Shared), GroupSize::Runtime));
    variants.extend(Skinny::ROWS.map(|rows| {
        let default = Skinny::for_rows(rows, Reduction::Subgroup);
        let skinny = Skinny {
            words: default.words.min(group_size / WEIGHTS_PER_WORD),
            ..default
        };
        standard(Geometry::Skinny(skinny), fixed)
    }));
    let matrices = [
        Geometry::Matrix(Matrix::DEFAULT),
        Geometry::HeldMatrix(HeldMatrix::DEFAULT),
        Geometry::SkinnyMatrix(SkinnyMatrix::DEFAULT),
        Geometry::PanelMatrix(PanelMatrix::DEFAULT),
        Geometry::PanelMatrix(PanelMatrix::DEFAULT_ROUNDED),
    ]
    .into_iter()
    .chain(PanelMatrix::DIVIDED.map(Geometry::PanelMatrix))
    .chain(PanelMatrix::DIVIDED_EVERYWHERE.map(Geometry::PanelMatrix));
    variants.extend(matrices.map(|geometry| rounded(geometry, fixed)));
    let (m, n) = Gemm::DEFAULT_TILE;
    variants.extend([
        standard(Geometry::Staged(Staged::DEFAULT), fixed),
        standard(Geometry::Staged(Staged::DEFAULT), GroupSize::Runtime),
        standard(Geometry::Staged(Staged::DIVIDED), fixed),
        standard(
            Geometry::Gemm(ragged((m, n), Gemm::DEFAULT_THREAD)),
            GroupSize::Runtime,
        ),
    ]);
    for variant in &mut variants {
        variant.encoding = encoding;
        variant.scales.format = format;
    }
    variants
}
