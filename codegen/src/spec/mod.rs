//! What is asked for: the description of one linear layer.

mod check;
pub mod description;
mod file;
mod prefill;

use q4_kernel_types::{Bias, GroupSize, NumericClass, Reduction, ScaleFormat};

pub use check::{Field, SpecError};
pub use file::{SpecFileError, parse as parse_file};
pub use prefill::{MatrixSpec, PrefillSpec, StagedSpec, TileSpec};

/// The description of one linear layer, from which its kernels are generated.
///
/// [`KernelSpec::new`] gives the defaults: run-time K and N, optional bias, exact arithmetic, default kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelSpec {
    /// Name of the generated type; a Rust identifier.
    pub name: String,
    /// How the weights are stored.
    pub format: Format,
    /// Input features, if they are known when the kernel is generated.
    pub k: Option<u32>,
    /// Output features, if they are known when the kernel is generated.
    pub n: Option<u32>,
    /// Whether a bias is added.
    pub bias: Bias,
    /// The arithmetic that is allowed.
    pub numeric: NumericClass,
    /// How the scales are stored on the device.
    pub scales: ScaleFormat,
    /// The kernel for M == 1; `None` for the default.
    pub decode: Option<Coop4Spec>,
    /// The kernels for 2 to 16 rows; `None` for the default.
    pub few: Option<SkinnySpec>,
    /// The kernel for any M, which runs where no other does; `None` for the default.
    pub prefill: Option<PrefillSpec>,
}

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// 4-bit, group-wise, symmetric: [`q4_kernel_types::layout`].
    Q4gsw {
        /// The group size, if it is known when the kernel is generated.
        group_size: GroupSize,
    },
}

/// A wish for the cooperative GEMV. What is left out is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coop4Spec {
    /// Lanes per workgroup: 32, 64, 128 or 256.
    pub width: Option<u32>,
    /// Output columns per workgroup: 1, 2, 4 or 8.
    pub columns: Option<u32>,
    /// Words of one row that a lane loads at once: 1, or 4 where K and the group size are multiples of 32.
    /// Left out: 1.
    pub words: Option<u32>,
    /// How partial sums become one. Left out: subgroup additions where the device has them, workgroup memory elsewhere.
    pub reduction: Option<Reduction>,
}

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
    /// Left out: as many as they may be multiples of.
    pub words: Option<u32>,
    /// How partial sums become one. Left out: subgroup shuffles where the device has them, workgroup memory elsewhere.
    pub reduction: Option<Reduction>,
}

impl KernelSpec {
    /// The default description for weights stored as `format`.
    #[must_use]
    pub fn new(name: impl Into<String>, format: Format) -> Self {
        Self {
            name: name.into(),
            format,
            k: None,
            n: None,
            bias: Bias::default(),
            numeric: NumericClass::default(),
            scales: ScaleFormat::default(),
            decode: None,
            few: None,
            prefill: None,
        }
    }

    /// Fixes K, the number of input features.
    #[must_use]
    pub fn k(mut self, k: u32) -> Self {
        self.k = Some(k);
        self
    }

    /// Fixes N, the number of output features.
    #[must_use]
    pub fn n(mut self, n: u32) -> Self {
        self.n = Some(n);
        self
    }

    /// Says whether a bias is added.
    #[must_use]
    pub fn bias(mut self, bias: Bias) -> Self {
        self.bias = bias;
        self
    }

    /// Names the kernel for M == 1.
    #[must_use]
    pub fn decode(mut self, decode: Coop4Spec) -> Self {
        self.decode = Some(decode);
        self
    }

    /// Names the kernels for 2 to 16 rows.
    #[must_use]
    pub fn few(mut self, few: SkinnySpec) -> Self {
        self.few = Some(few);
        self
    }

    /// Names the kernel for any M, which runs where no other does.
    #[must_use]
    pub fn prefill(mut self, prefill: impl Into<PrefillSpec>) -> Self {
        self.prefill = Some(prefill.into());
        self
    }

    /// The group size, fixed or not.
    #[must_use]
    pub fn group_size(&self) -> GroupSize {
        let Format::Q4gsw { group_size } = self.format;
        group_size
    }
}

impl Format {
    /// q4gsw with a group size that is known now.
    #[must_use]
    pub const fn q4gsw(group_size: u32) -> Self {
        Self::Q4gsw {
            group_size: GroupSize::Fixed(group_size),
        }
    }
}
