//! How a kernel family divides its work: the numbers that its templates are specialised on.

mod coop4;
mod gemm;
mod gemv;
mod held_matrix;
pub mod load;
mod matrix;
mod panel_matrix;
mod reduction;
mod skinny;
mod skinny_matrix;
mod staged;
mod stream;

use core::fmt;

pub use coop4::Coop4;
pub use gemm::{Gemm, KAlignment};
pub use gemv::Gemv;
pub use held_matrix::HeldMatrix;
pub use matrix::{Matrix, MatrixSide};
pub use panel_matrix::{PanelBarrier, PanelMatrix};
pub use reduction::Reduction;
pub use skinny::Skinny;
pub use skinny_matrix::SkinnyMatrix;
pub use staged::Staged;
pub use stream::Stream;

use crate::{Dispatch, Feature, InputFormat, Route, RowsServed};

/// The family of a kernel and the numbers it is specialised on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(tag = "family", rename_all = "snake_case")
)]
pub enum Geometry {
    /// Cooperative GEMV.
    Coop4(Coop4),
    /// Persistent GEMV.
    Gemv(Gemv),
    /// Streaming GEMV.
    Stream(Stream),
    /// Kernel for a few rows.
    Skinny(Skinny),
    /// Cooperative matrices for a few rows.
    SkinnyMatrix(SkinnyMatrix),
    /// Cooperative matrices that hold the inputs of a few rows.
    HeldMatrix(HeldMatrix),
    /// Register-tiled GEMM.
    Gemm(Gemm),
    /// GEMM that stages its operands in workgroup memory.
    Staged(Staged),
    /// GEMM of cooperative matrices.
    Matrix(Matrix),
    /// GEMM of cooperative matrices whose subgroups have panels of weights of their own.
    PanelMatrix(PanelMatrix),
}

/// Multiprocessors of the largest devices that grids which stay as they are were made for.
const MULTIPROCESSORS: u32 = 132;

/// What every family says of itself. One file a family.
trait Family: fmt::Display {
    /// The name of the family, which is also its folder under `templates/`.
    fn name(&self) -> &'static str;
    /// What a variant's name says of the geometry.
    fn label(&self) -> Label;
    /// The route that it is made for.
    fn route(&self) -> Route;
    /// Which M it serves.
    fn rows(&self) -> RowsServed;
    /// The most rows that it is made for, where others of its family are better for more.
    fn made_for_rows(&self) -> Option<u32> {
        None
    }
    /// K must be a multiple of this.
    fn k_multiple(&self) -> u32;
    /// The group size must be a multiple of this.
    fn group_size_multiple(&self) -> u32 {
        self.k_multiple()
    }
    /// Group sizes that it serves as constants although they are no such multiple.
    fn short_groups(&self) -> &'static [u32] {
        &[]
    }
    /// The largest K.
    fn k_most(&self) -> u32 {
        u32::MAX
    }
    /// How it reads its inputs.
    fn input_format(&self) -> InputFormat {
        InputFormat::F32
    }
    /// Elements from one row of inputs to the next, as it reads them, where a row has `k`.
    fn input_stride(&self, k: u32) -> u32 {
        k
    }
    /// The features that it needs in every numeric class.
    fn features(&self) -> &'static [Feature];
    /// The only size of subgroups it runs with; `None` where any will do.
    fn subgroup_size(&self) -> Option<u32> {
        None
    }
    /// Invocations per workgroup.
    fn workgroup_size(&self) -> u32;
    /// How many workgroups serve M rows and N columns.
    fn dispatch(&self) -> Dispatch;
}

/// The parts of a variant's name that come from its geometry: `FAMILY_SIZES_gGROUP_KIND`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) sizes: String,
    pub(crate) kind: Option<&'static str>,
}

impl Geometry {
    fn as_family(&self) -> &dyn Family {
        match self {
            Self::Coop4(coop4) => coop4,
            Self::Gemv(gemv) => gemv,
            Self::Stream(stream) => stream,
            Self::Skinny(skinny) => skinny,
            Self::SkinnyMatrix(matrix) => matrix,
            Self::HeldMatrix(matrix) => matrix,
            Self::Gemm(gemm) => gemm,
            Self::Staged(staged) => staged,
            Self::Matrix(matrix) => matrix,
            Self::PanelMatrix(matrix) => matrix,
        }
    }

    /// Invocations per workgroup.
    #[must_use]
    pub fn workgroup_size(&self) -> u32 {
        self.as_family().workgroup_size()
    }

    /// The only size of subgroups it runs with; `None` where any will do.
    #[must_use]
    pub fn subgroup_size(&self) -> Option<u32> {
        self.as_family().subgroup_size()
    }

    /// How many workgroups serve M rows and N columns.
    #[must_use]
    pub fn dispatch(&self) -> Dispatch {
        self.as_family().dispatch()
    }

    /// The name of the family, which is also its folder under `templates/`.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.as_family().name()
    }

    /// The route that it is made for.
    #[must_use]
    pub fn route(&self) -> Route {
        self.as_family().route()
    }

    /// How it reads its inputs.
    #[must_use]
    pub fn input_format(&self) -> InputFormat {
        self.as_family().input_format()
    }

    /// Elements from one row of inputs to the next, as it reads them, where a row has `k`; what lies between is zero.
    #[must_use]
    pub fn input_stride(&self, k: u32) -> u32 {
        self.as_family().input_stride(k)
    }

    pub(crate) fn label(&self) -> Label {
        self.as_family().label()
    }

    pub(crate) fn rows(&self) -> RowsServed {
        self.as_family().rows()
    }

    /// The most rows that it is made for, where others of its family are better for more: those of one of its tiles. It serves more all the same.
    #[must_use]
    pub fn made_for_rows(&self) -> Option<u32> {
        self.as_family().made_for_rows()
    }

    pub(crate) fn k_multiple(&self) -> u32 {
        self.as_family().k_multiple()
    }

    pub(crate) fn group_size_multiple(&self) -> u32 {
        self.as_family().group_size_multiple()
    }

    pub(crate) fn short_groups(&self) -> &'static [u32] {
        self.as_family().short_groups()
    }

    pub(crate) fn k_most(&self) -> u32 {
        self.as_family().k_most()
    }

    pub(crate) fn features(&self) -> &'static [Feature] {
        self.as_family().features()
    }
}

impl fmt::Display for Geometry {
    /// As a description has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_family().fmt(f)
    }
}
