//! `q4 show`: the text of one variant, in the language asked for.

use std::{io::Write, path::Path};

use q4_kernel::Variant;
use q4_kernel_codegen::{
    emit::{
        back_end::{BackEndError, Checks},
        web,
    },
    render::Templates,
};
use similar::TextDiff;

use crate::{
    cli::{Show, Target},
    failure::{Ending, Failure},
    names,
    output::Folder,
};

/// Lines around a difference.
const CONTEXT: usize = 3;

pub(crate) fn run(arguments: &Show, out: &mut impl Write) -> Result<Ending, Failure> {
    if arguments.annotate && arguments.target != Target::Wgsl {
        return Err(Failure::Unserved(
            "template lines are known of WGSL alone; leave --target out, or --annotate".to_owned(),
        ));
    }
    if let Some(folder) = &arguments.output {
        return write_files(arguments, folder, out);
    }
    let variant = names::find(&arguments.name)?;
    let shown = text(arguments, variant)?;
    let Some(other) = &arguments.diff else {
        out.write_all(shown.as_bytes())?;
        return Ok(Ending::Good);
    };
    let other = names::find(other)?;
    let others = text(arguments, other)?;
    let difference = TextDiff::from_lines(&shown, &others);
    difference
        .unified_diff()
        .context_radius(CONTEXT)
        .header(&variant.name, &other.name)
        .to_writer(out)?;
    Ok(Ending::Good)
}

fn write_files(arguments: &Show, folder: &Path, out: &mut impl Write) -> Result<Ending, Failure> {
    let variants = names::matching(&arguments.name)?;
    let mut folder = Folder::open(folder)?;
    let mut refused = Vec::new();
    for variant in &variants {
        match text(arguments, variant) {
            Ok(text) => folder.add(
                &format!("{}.{}", variant.name, arguments.target.suffix()),
                text.into_bytes(),
            ),
            // Of many, those that the language can express.
            Err(Failure::BackEnd(BackEndError::Inexpressible(reason))) if variants.len() > 1 => {
                refused.push(reason);
            }
            Err(failure) => return Err(failure),
        }
    }
    for path in folder.write()? {
        writeln!(out, "{}", path.display())?;
    }
    for reason in refused {
        writeln!(out, "left out: {reason}")?;
    }
    Ok(Ending::Good)
}

fn text(arguments: &Show, variant: &Variant) -> Result<String, Failure> {
    let checks = if arguments.checked {
        Checks::Inserted
    } else {
        Checks::LeftOut
    };
    match (arguments.target, arguments.target.back_end()) {
        (_, Some(back_end)) => Ok(back_end.text(variant, checks)?),
        (Target::Web, None) => Ok(web::wgsl(variant).map_err(BackEndError::from)?),
        (_, None) if arguments.annotate => {
            Ok(Templates::embedded()?.render(&variant.configuration)?.annotated())
        }
        (_, None) => Ok(variant.wgsl.clone().into_owned()),
    }
}
