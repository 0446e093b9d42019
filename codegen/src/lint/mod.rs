//! What naga does not check.

use naga::{AddressSpace, TypeInner, proc::Layouter};
use q4_kernel_types::{Configuration, Params, Variant, layout::Binding};

use crate::validate::Validated;

/// Limits that every WebGPU device offers. A kernel may need more, up to [`MAX_INVOCATIONS`]; the runtime then checks the device.
pub const BASELINE_WORKGROUP_BYTES: u32 = 16 * 1024;
/// The most invocations per workgroup that any device offers.
pub const MAX_INVOCATIONS: u32 = 1024;

/// What the lints measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Bytes of workgroup memory.
    pub workgroup_bytes: u32,
}

/// A property that naga accepts and a device, or the host, does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{variant}`: {problem}")]
pub struct LintError {
    /// The variant.
    pub variant: String,
    /// What is wrong.
    pub problem: Problem,
}

/// The kinds of [`LintError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// naga could not lay out a type.
    #[error("naga cannot lay out its types: {0}")]
    Layout(String),
    /// The text has no entry point of the right name.
    #[error("it has no entry point `{}`", Variant::ENTRY_POINT)]
    NoEntryPoint,
    /// The text and the geometry disagree.
    #[error("its text has workgroups of {text} invocations, its geometry of {geometry}")]
    WorkgroupSize {
        /// Invocations in the text.
        text: u32,
        /// Invocations by the geometry.
        geometry: u32,
    },
    /// No device runs such workgroups.
    #[error(
        "{invocations} invocations per workgroup exceed {MAX_INVOCATIONS}, the most of any device; use smaller tiles"
    )]
    Invocations {
        /// Invocations in the text.
        invocations: u32,
    },
    /// Too much workgroup memory. wgpu does not check this when it creates a pipeline, and drivers hang on it.
    #[error(
        "{bytes} bytes of workgroup memory exceed {BASELINE_WORKGROUP_BYTES}, what every device offers; use a smaller width"
    )]
    WorkgroupBytes {
        /// Bytes in the text.
        bytes: u32,
    },
    /// A field of `Params` lies elsewhere than the host writes it.
    #[error("`Params.{field}` is at byte {wgsl} in WGSL and at byte {host} on the host")]
    ParamsOffset {
        /// The field.
        field: String,
        /// Its offset in WGSL.
        wgsl: String,
        /// Its offset on the host.
        host: String,
    },
    /// A binding that the host does not provide.
    #[error("it binds `{name}` at group {group}, binding {binding}, which the host does not provide")]
    UnknownBinding {
        /// The variable.
        name: String,
        /// Its group.
        group: u32,
        /// Its binding.
        binding: u32,
    },
}

/// Checks what naga leaves unchecked and measures what the host must know.
///
/// # Errors
/// Every problem found.
pub fn lint(configuration: &Configuration, validated: &Validated) -> Result<Measured, Vec<LintError>> {
    let module = &validated.module;
    let mut problems = Vec::new();

    let workgroup_bytes = workgroup_bytes(module).unwrap_or_else(|problem| {
        problems.push(problem);
        0
    });
    if workgroup_bytes > BASELINE_WORKGROUP_BYTES {
        problems.push(Problem::WorkgroupBytes {
            bytes: workgroup_bytes,
        });
    }
    problems.extend(workgroup_size_problems(configuration, module));
    problems.extend(params_problems(module));
    problems.extend(binding_problems(module));

    if problems.is_empty() {
        return Ok(Measured { workgroup_bytes });
    }
    let variant = configuration.name();
    Err(problems
        .into_iter()
        .map(|problem| LintError {
            variant: variant.clone(),
            problem,
        })
        .collect())
}

fn workgroup_bytes(module: &naga::Module) -> Result<u32, Problem> {
    let mut layouter = Layouter::default();
    layouter
        .update(module.to_ctx())
        .map_err(|error| Problem::Layout(error.to_string()))?;
    Ok(module
        .global_variables
        .iter()
        .filter(|(_, variable)| variable.space == AddressSpace::WorkGroup)
        .fold(0_u32, |bytes, (_, variable)| {
            // Every variable starts at a multiple of 16, the largest alignment there is.
            bytes.saturating_add(layouter[variable.ty].size.next_multiple_of(16))
        }))
}

fn workgroup_size_problems(configuration: &Configuration, module: &naga::Module) -> Option<Problem> {
    let geometry = configuration.geometry.workgroup_size();
    let Some(entry) = module
        .entry_points
        .iter()
        .find(|entry| entry.name == Variant::ENTRY_POINT)
    else {
        return Some(Problem::NoEntryPoint);
    };
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

/// The host writes [`Params`] as bytes; every field must lie where WGSL reads it.
fn params_problems(module: &naga::Module) -> Vec<Problem> {
    let missing = || "nowhere".to_owned();
    let members = module.global_variables.iter().find_map(|(_, variable)| {
        match (variable.space, &module.types[variable.ty].inner) {
            (AddressSpace::Uniform, TypeInner::Struct { members, .. }) => Some(members.as_slice()),
            _ => None,
        }
    });
    let members = members.unwrap_or_default();
    let mut problems = Vec::new();
    for field in Params::FIELDS {
        let wgsl = members
            .iter()
            .find(|member| member.name.as_deref() == Some(field.name))
            .map(|member| member.offset);
        if wgsl.and_then(|offset| usize::try_from(offset).ok()) != Some(field.offset) {
            problems.push(Problem::ParamsOffset {
                field: field.name.to_owned(),
                wgsl: wgsl.map_or_else(missing, |offset| offset.to_string()),
                host: field.offset.to_string(),
            });
        }
    }
    for member in members {
        let name = member.name.as_deref().unwrap_or_default();
        if !Params::FIELDS.iter().any(|field| field.name == name) {
            problems.push(Problem::ParamsOffset {
                field: name.to_owned(),
                wgsl: member.offset.to_string(),
                host: missing(),
            });
        }
    }
    problems
}

fn binding_problems(module: &naga::Module) -> Vec<Problem> {
    module
        .global_variables
        .iter()
        .filter_map(|(_, variable)| {
            let binding = variable.binding?;
            let name = variable.name.clone().unwrap_or_default();
            let known = binding.group == 0
                && Binding::ALL
                    .iter()
                    .any(|known| known.index() == binding.binding && known.name() == name);
            (!known).then_some(Problem::UnknownBinding {
                name,
                group: binding.group,
                binding: binding.binding,
            })
        })
        .collect()
}
