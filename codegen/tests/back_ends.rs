//! Every variant of the catalogue can be written for the back ends that wgpu compiles it for, under wgpu's options.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should"
)]

use q4_kernel_codegen::{
    emit::back_end::{BackEnd, BackEndError, Checks, spirv_words},
    generate_variant,
    plan::catalogue,
    render::Templates,
    types::{Feature, Variant},
};

/// Writes every variant with and without checks. Those that need one of `lacking` must be refused, all others must contain `word`.
fn every_variant_is_written(back_end: BackEnd, word: &str, lacking: &[Feature]) {
    for_every_variant(|variant| {
        let lacks = variant
            .configuration
            .features()
            .iter()
            .any(|feature| lacking.contains(feature));
        for checks in [Checks::Inserted, Checks::LeftOut] {
            match back_end.text(variant, checks) {
                Ok(text) => assert!(!lacks && text.contains(word), "{}", variant.name),
                Err(BackEndError::Inexpressible(error)) => {
                    assert!(lacks, "{error}");
                    assert!(error.reason.starts_with("it needs "), "{error}");
                }
                Err(error) => panic!("{error}"),
            }
        }
    });
}

fn for_every_variant(write: impl Fn(&Variant)) {
    let templates = Templates::embedded().unwrap();
    for configuration in catalogue() {
        write(&generate_variant(&templates, &configuration).unwrap());
    }
}

#[test]
fn every_variant_becomes_spirv_that_a_disassembler_reads() {
    every_variant_is_written(BackEnd::SpirV, "OpEntryPoint GLCompute", &[]);
}

#[test]
fn the_words_of_spirv_begin_as_its_specification_says() {
    const MAGIC: u32 = 0x0723_0203;
    for_every_variant(|variant| {
        let words = spirv_words(variant, Checks::LeftOut).unwrap();
        assert_eq!(words[0], MAGIC, "{}", variant.name);
    });
}

#[test]
fn every_variant_becomes_msl_but_those_whose_matrices_metal_lacks() {
    every_variant_is_written(BackEnd::Msl, "kernel void", &[Feature::Matrix16]);
}

#[test]
fn every_variant_becomes_hlsl_but_those_with_matrices_and_barriers_of_subgroups() {
    every_variant_is_written(
        BackEnd::Hlsl,
        "[numthreads(",
        &[Feature::Matrix16, Feature::Matrix8, Feature::SubgroupBarrier],
    );
}

#[test]
fn every_variant_becomes_glsl_but_those_with_matrices_and_16_bit_numbers() {
    let lacking = [Feature::Matrix16, Feature::Matrix8, Feature::ShaderF16];
    every_variant_is_written(BackEnd::Glsl, "layout(local_size_x", &lacking);
}
