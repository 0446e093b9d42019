//! `q4 report`: all that is known of kernels.

mod bound;
mod facts;
mod order;
mod page;
mod text;

use std::io::Write;

use q4_kernel::{Variant, catalogue};

use self::{bound::Ceilings, facts::Facts};
use crate::{
    cli::Report,
    failure::{Ending, Failure},
    names,
    output::{NewFile, print_json},
};

pub(crate) fn run(arguments: &Report, out: &mut impl Write) -> Result<Ending, Failure> {
    let mut variants: Vec<&Variant> = Vec::new();
    for pattern in &arguments.names {
        for variant in names::matching(pattern)? {
            if !variants.iter().any(|other| other.name == variant.name) {
                variants.push(variant);
            }
        }
    }
    if arguments.names.is_empty() {
        variants = catalogue().iter().collect();
    }
    let ceilings = Ceilings::of(arguments)?;
    // Begun before anything is counted: a place where nothing can be written is known at once.
    let page = arguments
        .html
        .as_deref()
        .map(|path| Ok::<_, Failure>((path, NewFile::create(path)?)))
        .transpose()?;
    let facts: Vec<Facts<'_>> = variants
        .into_iter()
        .map(|variant| Facts::of(variant, ceilings))
        .collect();
    match page {
        Some((path, file)) => {
            file.keep(&page::page(&facts, ceilings)?)?;
            writeln!(out, "wrote {} kernels to {}", facts.len(), path.display())?;
        }
        None if arguments.format.json => print_json(out, &facts)?,
        None => text::write(&facts, out)?,
    }
    Ok(Ending::Good)
}
