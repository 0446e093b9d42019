//! The dialect of browsers.
//!
//! WGSL of the specification asks for `enable subgroups;` before any subgroup built-in, and browsers refuse a text without it; naga 30 refuses a
//! text with it. Both come from the one text of a variant: what differs is this directive.

mod facts;
mod module;

pub use module::{Module, module};
use q4_kernel_types::{Feature, NumericClass, Variant};

use super::Inexpressible;

/// What a browser wants to read before it accepts subgroup built-ins.
const ENABLE_SUBGROUPS: &str = "enable subgroups;\n";

/// The text of a variant for a browser's `createShaderModule`.
///
/// The device needs the features that [`features`] names.
///
/// # Errors
/// If the variant needs what WebGPU does not have.
pub fn wgsl(variant: &Variant) -> Result<String, Inexpressible> {
    let features = variant.configuration.features();
    if let Some(feature) = features.iter().find(|feature| name(**feature).is_none()) {
        return Err(Inexpressible {
            variant: variant.name.clone().into_owned(),
            target: "web",
            reason: format!("it needs {feature}, which WebGPU does not have"),
        });
    }
    let directive = if features.contains(&Feature::Subgroup) {
        ENABLE_SUBGROUPS
    } else {
        ""
    };
    // Directives stand before everything but comments, in any order; those of the text follow.
    Ok(format!("{directive}{}", variant.wgsl))
}

/// The names that a browser's `requestDevice` takes for what a variant needs.
#[must_use]
pub fn features(variant: &Variant) -> Vec<&'static str> {
    variant
        .configuration
        .features()
        .into_iter()
        .filter_map(name)
        .collect()
}

/// What a text asks of the browser's WGSL beyond its first version, by the names of `navigator.gpu.wgslLanguageFeatures`.
#[must_use]
pub fn language_features(variant: &Variant) -> Vec<&'static str> {
    match variant.configuration.numeric {
        NumericClass::Int8Activations => vec!["packed_4x8_integer_dot_product"],
        // A class of arithmetic that is added later says here what it asks for.
        _ => Vec::new(),
    }
}

/// The `GPUFeatureName` of a feature, where WebGPU has it.
#[must_use]
pub const fn name(feature: Feature) -> Option<&'static str> {
    match feature {
        Feature::Subgroup => Some("subgroups"),
        Feature::ShaderF16 => Some("shader-f16"),
        // Cooperative matrices and barriers of subgroups are extensions of wgpu's own. What is added to `Feature` later is in no browser until it is said here.
        _ => None,
    }
}
