//! What the host provides and what the text expects: bindings, `Params`, workgroup size and memory.

use naga::{AddressSpace, TypeInner, proc::Layouter};
use q4_kernel_types::{Configuration, Params, Variant, layout::Binding};

use super::{MAX_INVOCATIONS, Problem};

/// Bytes of workgroup memory of a module.
pub(super) fn workgroup_bytes(module: &naga::Module) -> Result<u32, Problem> {
    let mut layouter = Layouter::default();
    layouter
        .update(module.to_ctx())
        .map_err(|error| Problem::Layout(error.to_string()))?;
    let variables = module
        .global_variables
        .iter()
        .filter(|(_, variable)| variable.space == AddressSpace::WorkGroup);
    Ok(variables.fold(0_u32, |bytes, (_, variable)| {
        // Every variable starts at a multiple of 16, the largest alignment there is.
        bytes.saturating_add(layouter[variable.ty].size.next_multiple_of(16))
    }))
}

pub(super) fn workgroup_size_problem(
    configuration: &Configuration,
    entry: &naga::EntryPoint,
) -> Option<Problem> {
    let geometry = configuration.geometry.workgroup_size();
    let text = entry
        .workgroup_size
        .iter()
        .fold(1_u32, |product, size| product.saturating_mul(*size));
    if entry.workgroup_size != [geometry, 1, 1] {
        Some(Problem::WorkgroupSize { text, geometry })
    } else if text > MAX_INVOCATIONS {
        Some(Problem::Invocations { invocations: text })
    } else {
        None
    }
}

/// The entry point of a kernel.
pub(super) fn entry_point(module: &naga::Module) -> Option<&naga::EntryPoint> {
    module
        .entry_points
        .iter()
        .find(|entry| entry.name == Variant::ENTRY_POINT)
}

/// The host writes [`Params`] as bytes; every field must lie where WGSL reads it.
pub(super) fn params_problems(module: &naga::Module) -> Vec<Problem> {
    let nowhere = || "nowhere".to_owned();
    let at = |offset: String| format!("at byte {offset}");
    let members = module.global_variables.iter().find_map(|(_, variable)| {
        match (variable.space, &module.types[variable.ty].inner) {
            (AddressSpace::Uniform, TypeInner::Struct { members, .. }) => Some(members.as_slice()),
            _ => None,
        }
    });
    let members = members.unwrap_or_default();
    let mut problems = Vec::new();
    for field in Params::FIELDS {
        let member = members
            .iter()
            .find(|member| member.name.as_deref() == Some(field.name));
        let wgsl = member.map(|member| member.offset);
        if wgsl.and_then(|offset| usize::try_from(offset).ok()) != Some(field.offset) {
            problems.push(Problem::ParamsOffset {
                field: field.name.to_owned(),
                wgsl: wgsl.map_or_else(nowhere, |offset| at(offset.to_string())),
                host: at(field.offset.to_string()),
            });
        }
    }
    for member in members {
        let name = member.name.as_deref().unwrap_or_default();
        if !Params::FIELDS.iter().any(|field| field.name == name) {
            problems.push(Problem::ParamsOffset {
                field: name.to_owned(),
                wgsl: at(member.offset.to_string()),
                host: nowhere(),
            });
        }
    }
    problems
}

/// Kernels bind what those of their encoding do.
pub(super) fn binding_problems(configuration: &Configuration, module: &naga::Module) -> Vec<Problem> {
    module
        .global_variables
        .iter()
        .filter_map(|(_, variable)| {
            let binding = variable.binding?;
            let name = variable.name.clone().unwrap_or_default();
            let known = binding.group == 0
                && Binding::of(configuration.encoding)
                    .any(|known| known.index() == binding.binding && known.name() == name);
            (!known).then_some(Problem::UnknownBinding {
                name,
                group: binding.group,
                binding: binding.binding,
            })
        })
        .collect()
}
