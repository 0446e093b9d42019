//! GLSL, as wgpu-hal's OpenGL back end asks for it.

use naga::{
    ShaderStage,
    back::glsl::{Options, PipelineOptions, Version, Writer, WriterFlags},
    proc::{BoundsCheckPolicies, BoundsCheckPolicy},
};
use q4_kernel_types::{Encoding, Variant, layout::Binding};

use super::Checks;
use crate::validate::Validated;

/// The least that has compute shaders and, of subgroups, what naga writes.
const VERSION: Version = Version::Desktop(430);

/// Slots are counted by kind: storage buffers, and uniforms. GLSL's own rules bound indices, so that checks are never inserted but for zeroes in
/// workgroup memory.
pub(super) fn write(validated: &Validated, encoding: Encoding, checks: Checks) -> Result<String, String> {
    let storage = Binding::of(encoding)
        .filter(|binding| *binding != Binding::Params)
        .zip(0..);
    let binding_map = storage
        .chain([(Binding::Params, 0)])
        .map(|(binding, slot)| {
            let resource = naga::ResourceBinding {
                group: 0,
                binding: binding.index(),
            };
            (resource, slot)
        })
        .collect();
    let options = Options {
        version: VERSION,
        writer_flags: WriterFlags::empty(),
        binding_map,
        zero_initialize_workgroup_memory: checks.are_inserted(),
    };
    let pipeline = PipelineOptions {
        shader_stage: ShaderStage::Compute,
        entry_point: Variant::ENTRY_POINT.to_owned(),
        multiview: None,
    };
    let unchecked = BoundsCheckPolicies {
        index: BoundsCheckPolicy::Unchecked,
        buffer: BoundsCheckPolicy::Unchecked,
        image_load: BoundsCheckPolicy::Unchecked,
        binding_array: BoundsCheckPolicy::Unchecked,
    };
    let mut text = String::new();
    Writer::new(
        &mut text,
        &validated.module,
        &validated.info,
        &options,
        &pipeline,
        unchecked,
    )
    .and_then(|mut writer| writer.write())
    .map_err(|error| error.to_string())?;
    Ok(text)
}
