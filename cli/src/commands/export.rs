//! `q4 export`: kernels for engines that are not Rust.

use std::{fs, io::Write};

use q4_kernel::{Bias, Configuration, GeneratedKernel, GroupSize, Variant};
use q4_kernel_codegen::{
    emit::{Inexpressible, c, web},
    generate,
    spec::{self, KernelSpec},
};

use crate::{
    cli::{Export, ExportTarget},
    failure::{Ending, Failure},
    names,
    output::Folder,
};

pub(crate) fn run(arguments: &Export, out: &mut impl Write) -> Result<Ending, Failure> {
    let path = &arguments.spec;
    let text = fs::read_to_string(path).map_err(|error| Failure::Read {
        path: path.clone(),
        error,
    })?;
    let specs = spec::parse_file(path, &text)?;
    let mut kernels = specs.iter().map(generate).collect::<Result<Vec<_>, _>>()?;
    add_candidates(arguments, &specs, &mut kernels)?;

    // Looked at before anything is written: what is there decides.
    let mut folder = Folder::open(&arguments.out)?;
    let left_out = match arguments.target {
        ExportTarget::Web => {
            let module = web::module(&kernels)?;
            folder.add("q4_kernels.js", module.js.into_bytes());
            folder.add("q4_kernels.d.ts", module.types.into_bytes());
            module.left_out
        }
        ExportTarget::C => {
            let package = c::package(&kernels)?;
            for (name, contents) in package.files {
                folder.add(&name, contents);
            }
            package.left_out
        }
    };
    for path in folder.write()? {
        writeln!(out, "{}", path.display())?;
    }
    for Inexpressible {
        variant,
        target,
        reason,
    } in left_out
    {
        writeln!(out, "left out: `{variant}` as {target}: {reason}")?;
    }
    Ok(Ending::Good)
}

/// Adds what was named to the kernels that it serves.
///
/// # Errors
/// If a name is of no variant, fits no kernel, or nothing can choose among candidates.
fn add_candidates(
    arguments: &Export,
    specs: &[KernelSpec],
    kernels: &mut [GeneratedKernel],
) -> Result<(), Failure> {
    if arguments.candidates.is_empty() {
        return Ok(());
    }
    if arguments.target != ExportTarget::Web {
        return Err(Failure::Unserved(
            "--candidates are for modules, which measure them; leave it out for other targets".to_owned(),
        ));
    }
    for pattern in &arguments.candidates {
        let wanted = names::matching(pattern)?;
        let mut fits_some = false;
        for (spec, kernel) in specs.iter().zip(kernels.iter_mut()) {
            let serves =
                |variant: &&&Variant| serves(spec, variant.configuration) && web::wgsl(variant).is_ok();
            for &variant in wanted.iter().filter(serves) {
                fits_some = true;
                let kind = variant.configuration.kind();
                // What was measured of one of a kind holds for all.
                let known = |known: &Variant| known.configuration.kind() == kind;
                let is_known = kernel.variants().any(|(_, variant)| known(variant));
                if !is_known && !kernel.others.iter().any(known) {
                    kernel.others.to_mut().push(variant.clone());
                }
            }
        }
        if !fits_some {
            return Err(Failure::Unserved(format!(
                "no variant of `{pattern}` that browsers run serves a kernel of {}; those that do have its encoding, its scales, its group size and a numeric \
                 class that it allows",
                arguments.spec.display()
            )));
        }
    }
    Ok(())
}

/// Whether a variant serves every layer that a description is of, or may.
fn serves(spec: &KernelSpec, configuration: Configuration) -> bool {
    let constraints = configuration.constraints();
    let group_size = match (spec.group_size(), constraints.group_size) {
        (GroupSize::Runtime, only) => only,
        (GroupSize::Fixed(size), _) => Some(size),
    };
    // Where the description leaves one of them open, the most that a variant may ask for.
    let k = spec.k.unwrap_or(0);
    let group_size = group_size.unwrap_or(constraints.group_size_multiple);
    configuration.encoding == spec.encoding()
        && configuration.scales == spec.scales
        && spec.numeric.allows(configuration.numeric)
        && (configuration.bias == Bias::Optional || configuration.bias == spec.bias)
        && (spec.k.is_some() || configuration.k.is_none())
        && constraints.check_layer(k, group_size).is_ok()
}
