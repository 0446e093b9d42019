//! `q4 show`: the text of one variant.

use std::io::Write;

use crate::{
    cli::{Show, Target},
    failure::{Ending, Failure},
    names,
};

pub(crate) fn run(arguments: &Show, out: &mut impl Write) -> Result<Ending, Failure> {
    let variant = names::find(&arguments.name)?;
    let text = match arguments.target {
        Target::Wgsl => &variant.wgsl,
    };
    out.write_all(text.as_bytes())?;
    Ok(Ending::Good)
}
