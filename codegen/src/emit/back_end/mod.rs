//! What a driver gets: a variant in the languages that wgpu translates it to, under the options that wgpu sets for each.
//!
//! Where wgpu asks the device (versions of a language, optional instructions), the choice stands in the file of the back end.

mod glsl;
mod hlsl;
mod ir;
mod msl;
mod spirv;

use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use q4_kernel_types::{Feature, Variant};

pub use self::spirv::words as spirv_words;
use super::Inexpressible;
use crate::validate::{self, Validated, ValidationError};

/// A language that wgpu translates WGSL to on its way to a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackEnd {
    /// SPIR-V, for Vulkan; as text, its assembly.
    SpirV,
    /// The Metal Shading Language.
    Msl,
    /// HLSL, for DX12.
    Hlsl,
    /// GLSL, for OpenGL.
    Glsl,
    /// naga's own module, which all others are written from.
    Ir,
}

/// What is inserted into a kernel on its way to a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// Bounds of indices, bounds of loops, divisors, and zeroes in workgroup memory: what wgpu does with any text.
    Inserted,
    /// None: what the runtime asks for where the text is on the list of those verified.
    LeftOut,
}

/// Why a variant cannot be written for a back end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackEndError {
    /// naga refused the text.
    #[error(transparent)]
    Invalid(#[from] ValidationError),
    /// The back end has no words for it.
    #[error(transparent)]
    Inexpressible(#[from] Inexpressible),
}

impl BackEnd {
    /// Its name, as `q4 show --target` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SpirV => "spirv",
            Self::Msl => "msl",
            Self::Hlsl => "hlsl",
            Self::Glsl => "glsl",
            Self::Ir => "ir",
        }
    }

    /// The text of a variant in this language.
    ///
    /// # Errors
    /// If naga refuses the variant's text, or the language lacks what it needs.
    pub fn text(self, variant: &Variant, checks: Checks) -> Result<String, BackEndError> {
        let validated = self.validated(variant)?;
        let encoding = variant.configuration.encoding;
        let written = match self {
            Self::SpirV => spirv::assembly(&validated, encoding, checks),
            Self::Msl => msl::write(&validated, encoding, checks),
            Self::Hlsl => hlsl::write(&validated, encoding, checks),
            Self::Glsl => glsl::write(&validated, encoding, checks),
            Self::Ir => Ok(ir::write(&validated)),
        };
        written.map_err(|reason| self.inexpressible(variant, reason).into())
    }

    /// The module of a variant that the language has words for.
    fn validated(self, variant: &Variant) -> Result<Validated, BackEndError> {
        if let Some((feature, reason)) = variant
            .configuration
            .features()
            .into_iter()
            .find_map(|feature| Some((feature, self.lacks(feature)?)))
        {
            return Err(self
                .inexpressible(variant, format!("it needs {feature}, and {reason}"))
                .into());
        }
        Ok(validate::validate_variant(variant)?)
    }

    /// Why the language cannot express a feature. Said before naga is asked, whose writers do not all find out.
    const fn lacks(self, feature: Feature) -> Option<&'static str> {
        match (self, feature) {
            (Self::Msl, Feature::Matrix16) => Some("Metal's simdgroup matrices are 8 x 8"),
            (Self::Hlsl, Feature::Matrix16 | Feature::Matrix8) => {
                Some("naga writes no cooperative matrices in HLSL")
            }
            (Self::Glsl, Feature::Matrix16 | Feature::Matrix8) => {
                Some("naga writes no cooperative matrices in GLSL")
            }
            (Self::Hlsl, Feature::SubgroupBarrier) => Some("naga writes no barriers of subgroups in HLSL"),
            (Self::Glsl, Feature::ShaderF16) => Some("naga writes no 16-bit numbers in GLSL"),
            _ => None,
        }
    }

    fn inexpressible(self, variant: &Variant, reason: String) -> Inexpressible {
        Inexpressible {
            variant: variant.name.clone().into_owned(),
            target: self.name(),
            reason,
        }
    }
}

impl Checks {
    const fn are_inserted(self) -> bool {
        matches!(self, Self::Inserted)
    }

    /// The policy for indices of arrays and of buffers alike.
    const fn bounds(self, checked: BoundsCheckPolicy) -> BoundsCheckPolicies {
        let policy = match self {
            Self::Inserted => checked,
            Self::LeftOut => BoundsCheckPolicy::Unchecked,
        };
        BoundsCheckPolicies {
            index: policy,
            buffer: policy,
            image_load: policy,
            binding_array: BoundsCheckPolicy::Unchecked,
        }
    }
}
