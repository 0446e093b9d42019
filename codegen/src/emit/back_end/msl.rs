//! MSL, as wgpu-hal's Metal back end asks for it.

use naga::{
    ShaderStage,
    back::msl::{BindTarget, EntryPointResources, Options, PipelineOptions, write_string},
    proc::BoundsCheckPolicy,
};
use q4_kernel_types::{Encoding, Variant, layout::Binding};

use super::Checks;
use crate::validate::Validated;

/// What wgpu-hal asks for on macOS 13 and iOS 16.
const VERSION: (u8, u8) = (3, 0);

/// Buffers take the slots of the bindings; behind them comes the one with the sizes of the storage buffers.
pub(super) fn write(validated: &Validated, encoding: Encoding, checks: Checks) -> Result<String, String> {
    let mut slots = 0..;
    let mut resources = EntryPointResources::default();
    for (binding, slot) in Binding::of(encoding).zip(slots.by_ref()) {
        let resource = naga::ResourceBinding {
            group: 0,
            binding: binding.index(),
        };
        let target = BindTarget {
            buffer: Some(slot),
            mutable: binding == Binding::Output,
            ..BindTarget::default()
        };
        resources.resources.insert(resource, target);
    }
    resources.sizes_buffer = slots.next();
    let options = Options {
        lang_version: VERSION,
        per_entry_point_map: [(Variant::ENTRY_POINT.to_owned(), resources)].into(),
        fake_missing_bindings: false,
        bounds_check_policies: checks.bounds(BoundsCheckPolicy::Restrict),
        zero_initialize_workgroup_memory: checks.are_inserted(),
        force_loop_bounding: checks.are_inserted(),
        emit_int_div_checks: checks.are_inserted(),
        ..Options::default()
    };
    let pipeline = PipelineOptions {
        entry_point: Some((ShaderStage::Compute, Variant::ENTRY_POINT.to_owned())),
        ..PipelineOptions::default()
    };
    write_string(&validated.module, &validated.info, &options, &pipeline)
        .map(|(text, _)| text)
        .map_err(|error| error.to_string())
}
