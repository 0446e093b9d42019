//! What naga does not check.

mod interface;
mod uniformity;
mod workgroup_memory;

use naga::Span;
use q4_kernel_types::{Configuration, Feature, Variant};

use crate::{
    Errors,
    render::{Rendered, TemplateLine},
    validate::{Validated, is_valid_under, validate},
};

/// The most workgroup memory that any device offers. What a device has, the runtime compares with what a variant needs.
pub const MAX_WORKGROUP_BYTES: u32 = 64 * 1024;
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
#[error("`{variant}`{}: {problem}", place(.line.as_ref(), .origin.as_ref()))]
pub struct LintError {
    /// The variant.
    pub variant: String,
    /// The line of the emitted text, where the problem has one.
    pub line: Option<u32>,
    /// The template line that it came from.
    pub origin: Option<TemplateLine>,
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
        "{bytes} bytes of workgroup memory exceed {MAX_WORKGROUP_BYTES}, the most of any device; use a smaller width or tile"
    )]
    WorkgroupBytes {
        /// Bytes in the text.
        bytes: u32,
    },
    /// A field of `Params` lies elsewhere than the host writes it.
    #[error("`Params.{field}` is {wgsl} in WGSL and {host} on the host")]
    ParamsOffset {
        /// The field.
        field: String,
        /// Where it is in WGSL.
        wgsl: String,
        /// Where it is on the host.
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
    /// A barrier that some invocations of a workgroup may not reach.
    #[error(
        "a barrier stands in control flow that is not uniform, divided by the condition at {cause}; \
         devices may hang on it and browsers refuse it"
    )]
    DivergentBarrier {
        /// Where the dividing condition stands.
        cause: String,
    },
    /// Workgroup memory that is read before anything was written to it.
    #[error(
        "workgroup variable `{variable}` is read before it is written, and kernels run without zero-initialisation"
    )]
    ReadBeforeWrite {
        /// The variable.
        variable: String,
    },
    /// A feature that the text has no need of.
    #[error(
        "it claims the feature {feature} and is valid without it; drop the claim, which keeps devices from running it"
    )]
    UnusedFeature {
        /// The feature.
        feature: Feature,
    },
}

/// Checks what naga leaves unchecked and measures what the host must know.
///
/// # Errors
/// Every problem found.
pub fn lint(
    configuration: &Configuration,
    rendered: &Rendered,
    validated: &Validated,
) -> Result<Measured, Vec<LintError>> {
    let module = &validated.module;
    let mut problems: Vec<(Option<Span>, Problem)> = Vec::new();
    let mut whole = |problem: Problem| problems.push((None, problem));

    let workgroup_bytes = interface::workgroup_bytes(module).unwrap_or_else(|problem| {
        whole(problem);
        0
    });
    if workgroup_bytes > MAX_WORKGROUP_BYTES {
        whole(Problem::WorkgroupBytes {
            bytes: workgroup_bytes,
        });
    }
    interface::params_problems(module)
        .into_iter()
        .for_each(&mut whole);
    interface::binding_problems(configuration, module)
        .into_iter()
        .for_each(&mut whole);
    for feature in configuration.features() {
        let others: Vec<Feature> = configuration
            .features()
            .iter()
            .copied()
            .filter(|other| *other != feature)
            .collect();
        if is_valid_under(module, &others) {
            whole(Problem::UnusedFeature { feature });
        }
    }
    match interface::entry_point(module) {
        None => whole(Problem::NoEntryPoint),
        Some(entry) => {
            interface::workgroup_size_problem(configuration, entry)
                .into_iter()
                .for_each(&mut whole);
            for found in uniformity::divergent_barriers(module, &entry.function) {
                let cause = describe_place(rendered, found.cause);
                problems.push((Some(found.barrier), Problem::DivergentBarrier { cause }));
            }
            for (variable, span) in workgroup_memory::reads_before_writes(module, &entry.function) {
                let variable = module.global_variables[variable].name.clone().unwrap_or_default();
                problems.push((Some(span), Problem::ReadBeforeWrite { variable }));
            }
        }
    }

    if problems.is_empty() {
        return Ok(Measured { workgroup_bytes });
    }
    let variant = configuration.name();
    let error = |(span, problem): (Option<Span>, Problem)| {
        let line = span.map(|span| span.location(&rendered.wgsl).line_number);
        let origin = line.and_then(|line| rendered.origin(line)).cloned();
        LintError {
            variant: variant.clone(),
            line,
            origin,
            problem,
        }
    };
    Err(problems.into_iter().map(error).collect())
}

/// As [`lint`], of a text that is there already and whose template lines nobody asks for. Validates it first.
///
/// # Errors
/// naga's first complaint, or every problem found.
pub fn lint_variant(variant: &Variant) -> Result<Measured, Errors> {
    let text = Rendered::of_text(&variant.wgsl);
    let validated = validate(&variant.configuration, &text)?;
    lint(&variant.configuration, &text, &validated).map_err(Errors::all)
}

/// ` at line 7 (templates/coop4/kernel.wgsl:12)`, as far as known.
fn place(line: Option<&u32>, origin: Option<&TemplateLine>) -> String {
    match (line, origin) {
        (Some(line), Some(origin)) => format!(" at line {line} ({origin})"),
        (Some(line), None) => format!(" at line {line}"),
        (None, _) => String::new(),
    }
}

fn describe_place(rendered: &Rendered, span: Span) -> String {
    let line = span.location(&rendered.wgsl).line_number;
    place(Some(&line), rendered.origin(line))
        .trim_start_matches(" at ")
        .to_owned()
}
