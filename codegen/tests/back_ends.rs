//! Every variant of the catalogue passes naga's writers for the back ends that wgpu compiles it for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should"
)]

use naga::{
    back::{hlsl, msl, spv},
    valid::{Capabilities, ModuleInfo, ValidationFlags},
};
use q4_kernel_codegen::{
    generate_variant,
    plan::catalogue,
    render::Templates,
    types::{Feature, Variant},
};

/// Features of kernels that wgpu offers on no device of a back end, because naga cannot write them for it.
const MATRICES: [Feature; 2] = [Feature::Matrix16, Feature::Matrix8];

fn for_every_variant(write: impl Fn(&Variant, &naga::Module, &ModuleInfo)) {
    let templates = Templates::embedded().unwrap();
    for configuration in catalogue() {
        let variant = generate_variant(&templates, &configuration).unwrap();
        let module = naga::front::wgsl::parse_str(&variant.wgsl).unwrap();
        let capabilities = Capabilities::SUBGROUP
            | Capabilities::SHADER_FLOAT16
            | Capabilities::SHADER_FLOAT16_IN_FLOAT32
            | Capabilities::COOPERATIVE_MATRIX;
        let info = naga::valid::Validator::new(ValidationFlags::all(), capabilities)
            .validate(&module)
            .unwrap();
        write(&variant, &module, &info);
    }
}

#[test]
fn every_variant_becomes_spirv() {
    for_every_variant(|Variant { name, .. }, module, info| {
        let options = spv::Options {
            lang_version: (1, 3),
            ..spv::Options::default()
        };
        let words =
            spv::write_vec(module, info, &options, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!words.is_empty());
    });
}

#[test]
fn every_variant_becomes_msl() {
    for_every_variant(|Variant { name, .. }, module, info| {
        let options = msl::Options {
            lang_version: (2, 4),
            fake_missing_bindings: true,
            ..msl::Options::default()
        };
        let (text, _) = msl::write_string(module, info, &options, &msl::PipelineOptions::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains("kernel void"), "{name}");
    });
}

#[test]
fn every_variant_becomes_hlsl() {
    for_every_variant(|variant, module, info| {
        let name = &variant.name;
        if variant
            .needs()
            .features
            .iter()
            .any(|feature| MATRICES.contains(feature))
        {
            return;
        }
        let options = hlsl::Options {
            shader_model: hlsl::ShaderModel::V6_0,
            ..hlsl::Options::default()
        };
        let mut text = String::new();
        hlsl::Writer::new(&mut text, &options, &hlsl::PipelineOptions::default())
            .write(module, info, None)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains("[numthreads("), "{name}");
    });
}
