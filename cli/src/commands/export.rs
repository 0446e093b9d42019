//! `q4 export`: kernels for engines that are not Rust.

use std::{fs, io::Write};

use q4_kernel_codegen::{
    emit::{Inexpressible, c, web},
    generate, spec,
};

use crate::{
    cli::{Export, ExportTarget},
    failure::{Ending, Failure},
    output::Folder,
};

pub(crate) fn run(arguments: &Export, out: &mut impl Write) -> Result<Ending, Failure> {
    let path = &arguments.spec;
    let text = fs::read_to_string(path).map_err(|error| Failure::Read {
        path: path.clone(),
        error,
    })?;
    let specs = spec::parse_file(path, &text)?;
    let kernels = specs.iter().map(generate).collect::<Result<Vec<_>, _>>()?;

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
