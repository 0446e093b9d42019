//! HLSL, as wgpu-hal's DX12 back end asks for it.

use naga::{
    ShaderStage,
    back::hlsl::{BindTarget, Options, PipelineOptions, ShaderModel, Writer},
};
use q4_kernel_types::{Encoding, Variant, layout::Binding};

use super::Checks;
use crate::validate::Validated;

/// The least that has 16-bit numbers; wgpu-hal asks for the newest that device and compiler know, and naga writes these kernels alike for all.
const SHADER_MODEL: ShaderModel = ShaderModel::V6_2;

/// Registers are counted by kind: `u` for what is written, `t` for what is read, `b` for uniforms. Behind the uniforms come the constants in
/// which wgpu-hal passes the number of workgroups.
pub(super) fn write(validated: &Validated, encoding: Encoding, checks: Checks) -> Result<String, String> {
    let (mut written, mut read, mut uniform) = (0, 0, 0);
    let mut options = Options {
        shader_model: SHADER_MODEL,
        fake_missing_bindings: false,
        zero_initialize_workgroup_memory: checks.are_inserted(),
        restrict_indexing: checks.are_inserted(),
        force_loop_bounding: checks.are_inserted(),
        ..Options::default()
    };
    for binding in Binding::of(encoding) {
        let registers = match binding {
            Binding::Output => &mut written,
            Binding::Params => &mut uniform,
            Binding::Input
            | Binding::Weight
            | Binding::Scales
            | Binding::Bias
            | Binding::Offsets
            | Binding::Codebook => &mut read,
        };
        let resource = naga::ResourceBinding {
            group: 0,
            binding: binding.index(),
        };
        options.binding_map.insert(
            resource,
            BindTarget {
                restrict_indexing: true,
                ..next(registers)
            },
        );
    }
    options.special_constants_binding = Some(next(&mut uniform));
    let pipeline = PipelineOptions {
        entry_point: Some((ShaderStage::Compute, Variant::ENTRY_POINT.to_owned())),
    };
    let mut text = String::new();
    Writer::new(&mut text, &options, &pipeline)
        .write(&validated.module, &validated.info, None)
        .map_err(|error| error.to_string())?;
    Ok(text)
}

/// The next register of a kind.
fn next(register: &mut u32) -> BindTarget {
    let target = BindTarget {
        register: *register,
        ..BindTarget::default()
    };
    *register += 1;
    target
}
