//! Generates WGSL kernels for 4-bit quantised linear layers and validates every one with naga.
//!
//! [`generate`] is the one function behind the `q4_kernel!` macro, the [build script helper](build) and the `q4` program.
//! The folders of this crate are the stages that a description passes:
//!
//! | stage | from | to |
//! |---|---|---|
//! | [`spec`] | what a user wrote | [`KernelSpec`], checked |
//! | [`plan`] | [`KernelSpec`] | the [`Configuration`]s of each route, in order of preference |
//! | [`render`] | [`Configuration`] | WGSL, each line with the template line it came from |
//! | [`validate`] | WGSL | a naga module, valid under exactly the features claimed |
//! | [`lint`] | naga module | what naga does not check; workgroup memory measured |
//! | [`emit`] | [`GeneratedKernel`] | Rust, JSON |
#![forbid(unsafe_code)]

pub mod build;
pub mod emit;
mod error;
pub mod lint;
pub mod plan;
pub mod render;
pub mod spec;
pub mod validate;

use std::borrow::Cow;

pub use error::{Error, Errors};
pub use q4_kernel_types as types;
use q4_kernel_types::{Configuration, GeneratedKernel, Variant, sha256};
pub use spec::{
    Coop4Spec, DecodeSpec, FewSpec, Format, GemvSpec, HeldMatrixSpec, KernelSpec, MatrixSpec, PrefillSpec,
    SkinnySpec, StagedSpec, StreamOfRowsSpec, StreamSpec, TileSpec,
};

use crate::render::Templates;

/// Generates and validates every kernel of a description, from the embedded templates. Where `Q4_DUMP` names a folder, writes them there too.
///
/// # Errors
/// Everything that is wrong with the description or with the text of any variant, at once.
pub fn generate(spec: &KernelSpec) -> Result<GeneratedKernel, Errors> {
    generate_from(&Templates::embedded()?, spec)
}

/// As [`generate`], from other templates.
///
/// # Errors
/// As [`generate`].
pub fn generate_from(templates: &Templates, spec: &KernelSpec) -> Result<GeneratedKernel, Errors> {
    spec.check().map_err(Errors::all)?;
    let plan = plan::plan(spec);
    let mut errors = Vec::new();
    let mut route = |configurations: &[Configuration]| -> Cow<'static, [Variant]> {
        let mut variants = Vec::with_capacity(configurations.len());
        for configuration in configurations {
            match generate_variant(templates, configuration) {
                Ok(variant) => variants.push(variant),
                Err(found) => errors.extend(found),
            }
        }
        Cow::Owned(variants)
    };
    let (decode, few, prefill) = (route(&plan.decode), route(&plan.few), route(&plan.prefill));
    if !errors.is_empty() {
        return Err(Errors::all(errors));
    }
    let kernel = GeneratedKernel {
        name: Cow::Owned(spec.name.clone()),
        k: spec.k,
        n: spec.n,
        group_size: spec.group_size(),
        bias: spec.bias,
        encoding: spec.encoding(),
        scales: spec.scales,
        decode,
        few,
        prefill,
        others: Cow::default(),
    };
    if let Some(folder) = emit::dump::folder() {
        emit::dump::kernel(&folder, &kernel)?;
    }
    Ok(kernel)
}

/// Generates and validates one variant.
///
/// # Errors
/// The first stage's complaints.
pub fn generate_variant(templates: &Templates, configuration: &Configuration) -> Result<Variant, Errors> {
    let rendered = templates.render(configuration)?;
    let validated = validate::validate(configuration, &rendered)?;
    let measured = lint::lint(configuration, &rendered, &validated).map_err(Errors::all)?;
    Ok(Variant {
        name: Cow::Owned(configuration.name()),
        configuration: *configuration,
        fingerprint: Cow::Owned(sha256([&rendered.wgsl])),
        wgsl: Cow::Owned(rendered.wgsl),
        workgroup_bytes: measured.workgroup_bytes,
    })
}
