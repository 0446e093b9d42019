//! What can be asked for of the kernels for a few rows, and the rules of them.

use q4_kernel_types::{HeldMatrix, Reduction, Skinny, Stream, layout::WEIGHTS_PER_WORD, load};

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
    /// Whether inputs are staged in workgroup memory. Left out: for more than four rows, where they fit.
    pub staged: Option<bool>,
    /// How partial sums become one. Left out: subgroup shuffles where the device has them, workgroup memory elsewhere.
    pub reduction: Option<Reduction>,
}

/// A wish for the streaming kernels, one for each of 2 and 4 rows, which need K and a group size that are multiples of 32, or one of
/// [`load::SHORT_GROUPS`]. More rows go to the skinny kernels.
/// What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamOfRowsSpec {
    /// Lanes per workgroup: 256 or 512.
    pub width: Option<u32>,
    /// Output columns that a team of lanes takes at once: 1, 2 or 4.
    pub columns: Option<u32>,
    /// Workgroups of the grid, at most.
    pub workgroups: Option<u32>,
    /// How partial sums become one. Left out: as for [`SkinnySpec`].
    pub reduction: Option<Reduction>,
}

/// A wish for the cooperative matrices that hold the inputs of a few rows, which need numeric class `f16_multiply`, groups of whole loads of
/// [`HeldMatrix::LOAD`] or one of [`load::SHORT_GROUPS`], and a K of whole shares, see [`HeldMatrix::share`]. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldMatrixSpec {
    /// Subgroups per workgroup: 8, 12, 14 or 16. Left out: as few as hold K in the fewest passes.
    pub subgroups: Option<u32>,
    /// Matrices of inputs that a subgroup holds: 8 or 16.
    pub held: Option<u32>,
    /// Workgroups of the grid, at most.
    pub workgroups: Option<u32>,
}

/// A wish for the kernels for a few rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FewSpec {
    /// Skinny kernels.
    Skinny(SkinnySpec),
    /// Streaming kernels.
    Stream(StreamOfRowsSpec),
    /// Cooperative matrices that hold the inputs.
    HeldMatrix(HeldMatrixSpec),
}

impl From<SkinnySpec> for FewSpec {
    fn from(skinny: SkinnySpec) -> Self {
        Self::Skinny(skinny)
    }
}

impl From<StreamOfRowsSpec> for FewSpec {
    fn from(stream: StreamOfRowsSpec) -> Self {
        Self::Stream(stream)
    }
}

impl From<HeldMatrixSpec> for FewSpec {
    fn from(matrix: HeldMatrixSpec) -> Self {
        Self::HeldMatrix(matrix)
    }
}

impl SkinnySpec {
    /// The geometry for as many rows, with what was left out.
    pub(crate) fn geometry(self, spec: &KernelSpec, rows: u32, reduction: Reduction) -> Skinny {
        let default = Skinny::for_rows(rows, reduction);
        let skinny = Skinny {
            width: self.width.unwrap_or(default.width),
            columns: self.columns.unwrap_or(default.columns),
            lane_columns: self.lane_columns.unwrap_or(default.lane_columns),
            words: self.words.unwrap_or_else(|| longest_load(spec, default.words)),
            ..default
        };
        Skinny {
            staged: self.staged.unwrap_or(default.staged && skinny.tile_fits()),
            ..skinny
        }
    }
}

impl StreamOfRowsSpec {
    /// The geometry, with what was left out.
    pub(crate) fn geometry(self, rows: u32, k: Option<u32>, reduction: Reduction) -> Stream {
        let default = Stream::for_rows(rows, reduction);
        let fits = |k: u32| k.div_ceil(Stream::CHUNK) <= default.held;
        Stream {
            width: self.width.unwrap_or(default.width),
            columns: self.columns.unwrap_or(default.columns),
            slices: !k.is_some_and(fits),
            workgroups: self.workgroups.unwrap_or(default.workgroups),
            ..default
        }
    }
}

impl HeldMatrixSpec {
    /// The geometry, with what was left out.
    pub(crate) fn geometry(self, k: Option<u32>) -> HeldMatrix {
        let default = HeldMatrix::for_k(k, self.held.unwrap_or(HeldMatrix::DEFAULT.held));
        HeldMatrix {
            subgroups: self.subgroups.unwrap_or(default.subgroups),
            workgroups: self.workgroups.unwrap_or(default.workgroups),
            ..default
        }
    }
}

impl KernelSpec {
    pub(super) fn check_few(&self, few: FewSpec, errors: &mut Errors) {
        match few {
            FewSpec::Skinny(skinny) => self.check_skinny(skinny, errors),
            FewSpec::Stream(stream) => self.check_stream_of_rows(stream, errors),
            FewSpec::HeldMatrix(matrix) => self.check_held_matrix(matrix, errors),
        }
    }

    fn check_stream_of_rows(&self, stream: StreamOfRowsSpec, errors: &mut Errors) {
        errors.one_of(Field::FewWidth, stream.width, &Stream::WIDTHS_OF_ROWS);
        errors.one_of(Field::FewColumns, stream.columns, &Stream::COLUMNS);
        errors.workgroups(Field::FewWorkgroups, stream.workgroups);
        let chunks = (Stream::CHUNK, Stream::CHUNK);
        self.check_multiples(
            (Field::Few, "stream"),
            chunks,
            &load::SHORT_GROUPS,
            SHORTER_LOADS,
            errors,
        );
    }

    fn check_held_matrix(&self, wish: HeldMatrixSpec, errors: &mut Errors) {
        self.check_rounding((Field::Few, "held_matrix"), "skinny", errors);
        errors.one_of(Field::FewSubgroups, wish.subgroups, &HeldMatrix::SUBGROUPS);
        errors.one_of(Field::FewHeld, wish.held, &HeldMatrix::HELD);
        errors.workgroups(Field::FewWorkgroups, wish.workgroups);
        // What is held says what K must be a multiple of, where it can be held.
        let known = wish.held.is_none_or(|held| HeldMatrix::HELD.contains(&held));
        let share = if known { wish.geometry(self.k).share() } else { 1 };
        let multiples = (share, HeldMatrix::LOAD);
        self.check_multiples(
            (Field::Few, "held_matrix"),
            multiples,
            &load::SHORT_GROUPS,
            SHORTER_LOADS,
            errors,
        );
    }

    fn check_skinny(&self, few: SkinnySpec, errors: &mut Errors) {
        errors.one_of(Field::FewWidth, few.width, &Skinny::WIDTHS);
        errors.one_of(Field::FewColumns, few.columns, &Skinny::COLUMNS);
        errors.one_of(Field::FewLaneColumns, few.lane_columns, &Skinny::LANE_COLUMNS);
        errors.one_of(Field::FewWords, few.words, &Skinny::WORDS);
        self.check_staged_inputs(few, errors);
        self.check_loads(
            (
                Field::Few,
                "skinny",
                "leave `few` out and the GEMM serves a few rows too",
            ),
            (Field::FewWords, few.words, &Skinny::WORDS),
            errors,
        );
    }

    /// That staged inputs fit into workgroup memory.
    fn check_staged_inputs(&self, few: SkinnySpec, errors: &mut Errors) {
        let sizes = [
            (few.width, &Skinny::WIDTHS[..]),
            (few.columns, &Skinny::COLUMNS),
            (few.lane_columns, &Skinny::LANE_COLUMNS),
            (few.words, &Skinny::WORDS),
        ];
        let known = |(size, all): (Option<u32>, &[u32])| size.is_none_or(|size| all.contains(&size));
        if !sizes.into_iter().all(known) {
            return;
        }
        let geometries = Skinny::ROWS.map(|rows| few.geometry(self, rows, Reduction::Shared));
        if let Some(skinny) = geometries
            .iter()
            .find(|skinny| skinny.staged && !skinny.tile_fits())
        {
            errors.push(
                Field::FewStaged,
                format!(
                    "inputs of {} rows for one step of all lanes take {} bytes of workgroup memory, and devices need not have more than {}; \
                     leave `staged` out, or ask for fewer lanes, fewer words or more columns",
                    skinny.rows,
                    skinny.tile_bytes(),
                    Skinny::WORKGROUP_BYTES,
                ),
            );
        }
    }
}

/// The longest loads up to `most` words that are not sure to straddle rows or groups. A layer of run-time shape that they do not fit goes to the GEMM: a
/// second set of kernels for it would double the route.
fn longest_load(spec: &KernelSpec, most: u32) -> u32 {
    let fits = |words: &u32| *words <= most && spec.may_be_multiples(words * WEIGHTS_PER_WORD);
    Skinny::WORDS.into_iter().filter(fits).max().unwrap_or(most)
}

/// What to do where loads do not fit.
const SHORTER_LOADS: &str = "use `skinny`, or leave `few` out";
