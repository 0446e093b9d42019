//! SPIR-V, as wgpu-hal's Vulkan back end asks for it.

use naga::{
    ShaderStage,
    back::spv::{
        BindingInfo, Options, PipelineOptions, WriterFlags, ZeroInitializeWorkgroupMemoryMode, write_vec,
    },
    proc::BoundsCheckPolicy,
};
use q4_kernel_types::{Encoding, Variant, layout::Binding};
use rspirv::{binary::Disassemble, dr};

use super::{BackEnd, BackEndError, Checks};
use crate::validate::Validated;

/// What wgpu-hal writes for Vulkan 1.3.
const VERSION: (u8, u8) = (1, 6);

/// The module of a variant, without names for its ids, as the words that `vkCreateShaderModule` takes.
///
/// # Errors
/// If naga refuses the variant's text, or cannot write it.
pub fn words(variant: &Variant, checks: Checks) -> Result<Vec<u32>, BackEndError> {
    let validated = BackEnd::SpirV.validated(variant)?;
    write(
        &validated,
        variant.configuration.encoding,
        checks,
        WriterFlags::empty(),
    )
    .map_err(|reason| BackEnd::SpirV.inexpressible(variant, reason).into())
}

/// The module disassembled, its ids named: wgpu has naga name them where an instance is made for debugging.
pub(super) fn assembly(validated: &Validated, encoding: Encoding, checks: Checks) -> Result<String, String> {
    let words = write(validated, encoding, checks, WriterFlags::DEBUG)?;
    let module =
        dr::load_words(&words).map_err(|error| format!("the disassembler does not read it: {error}"))?;
    let mut text = module.disassemble();
    text.push('\n');
    Ok(text)
}

/// wgpu-hal numbers the bindings of a layout one after the other, whatever their own numbers.
fn write(
    validated: &Validated,
    encoding: Encoding,
    checks: Checks,
    flags: WriterFlags,
) -> Result<Vec<u32>, String> {
    let binding_map = Binding::of(encoding)
        .zip(0..)
        .map(|(binding, place)| {
            let resource = naga::ResourceBinding {
                group: 0,
                binding: binding.index(),
            };
            let place = BindingInfo {
                descriptor_set: 0,
                binding: place,
                binding_array_size: None,
            };
            (resource, place)
        })
        .collect();
    let options = Options {
        lang_version: VERSION,
        flags,
        fake_missing_bindings: false,
        binding_map,
        // All that the text uses: a device that runs the variant has them.
        capabilities: None,
        bounds_check_policies: checks.bounds(BoundsCheckPolicy::Restrict),
        zero_initialize_workgroup_memory: if checks.are_inserted() {
            ZeroInitializeWorkgroupMemoryMode::Native
        } else {
            ZeroInitializeWorkgroupMemoryMode::None
        },
        force_loop_bounding: checks.are_inserted(),
        emit_int_div_checks: checks.are_inserted(),
        ..Options::default()
    };
    let pipeline = PipelineOptions {
        shader_stage: ShaderStage::Compute,
        entry_point: Variant::ENTRY_POINT.to_owned(),
    };
    write_vec(&validated.module, &validated.info, &options, Some(&pipeline))
        .map_err(|error| error.to_string())
}
