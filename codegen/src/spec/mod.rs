//! What is asked for: the description of one linear layer.

mod check;
mod decode;
pub mod description;
mod few;
mod file;
mod format;
mod prefill;

use q4_kernel_types::{Bias, Encoding, GroupSize, NumericClass, ScaleLayout};

pub use check::{Field, SpecError};
pub use decode::{Coop4Spec, DecodeSpec, GemvSpec, StreamSpec};
pub use few::{FewSpec, HeldMatrixSpec, SkinnySpec, StreamOfRowsSpec};
pub use file::{SpecFileError, parse as parse_file};
pub use format::{Format, NamedFormat};
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
    pub scales: ScaleLayout,
    /// The kernel for M == 1; `None` for the default.
    pub decode: Option<DecodeSpec>,
    /// The kernels for 2 to 16 rows; `None` for the default.
    pub few: Option<FewSpec>,
    /// The kernel for any M, which runs where no other does; `None` for the default.
    pub prefill: Option<PrefillSpec>,
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
            scales: ScaleLayout {
                format: format.scales,
                ..ScaleLayout::default()
            },
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
    pub fn decode(mut self, decode: impl Into<DecodeSpec>) -> Self {
        self.decode = Some(decode.into());
        self
    }

    /// Names the kernels for 2 to 16 rows.
    #[must_use]
    pub fn few(mut self, few: impl Into<FewSpec>) -> Self {
        self.few = Some(few.into());
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
        self.format.group_size
    }

    /// How four bits and the numbers of their group make a weight.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.format.encoding
    }
}
