//! What can be asked for of the kernels for a few rows, and the rules of them.

use q4_kernel_types::{Reduction, Skinny};

use super::{Field, KernelSpec, check::Errors};

/// A wish for the skinny kernels, one for each of 2, 4, 8 and 16 rows. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SkinnySpec {
    /// Lanes per workgroup: 64, 128 or 256.
    pub width: Option<u32>,
    /// Output columns per workgroup: 8, 16, 32 or 64.
    pub columns: Option<u32>,
    /// Output columns of a lane: 4 or 8.
    pub lane_columns: Option<u32>,
    /// Words of one row of weights that a lane loads at once: 1, 2 where K and the group size are multiples of 16, or 4 where they are of 32.
    /// Left out: as many as they may be multiples of, and fewer for many rows.
    pub words: Option<u32>,
    /// How partial sums become one. Left out: subgroup shuffles where the device has them, workgroup memory elsewhere.
    pub reduction: Option<Reduction>,
}

impl KernelSpec {
    pub(super) fn check_few(&self, few: SkinnySpec, errors: &mut Errors) {
        errors.one_of(Field::FewWidth, few.width, &Skinny::WIDTHS);
        errors.one_of(Field::FewColumns, few.columns, &Skinny::COLUMNS);
        errors.one_of(Field::FewLaneColumns, few.lane_columns, &Skinny::LANE_COLUMNS);
        errors.one_of(Field::FewWords, few.words, &Skinny::WORDS);
        self.check_loads(
            (
                Field::Few,
                "skinny",
                "`few` out and the GEMM serves a few rows too",
            ),
            (Field::FewWords, few.words, &Skinny::WORDS),
            errors,
        );
    }
}
