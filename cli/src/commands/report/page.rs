//! The page: one file, with its data, style and script inside.

use std::io;

use q4_kernel::standard;
use serde::Serialize;

use super::{bound::Ceilings, facts::Facts};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the script finds in the page.
#[derive(Serialize)]
struct PageData<'a> {
    version: &'static str,
    ceilings: Option<Ceilings>,
    /// The standard kernel's variants, in the order in which they are considered.
    order: Vec<String>,
    kernels: &'a [Facts<'a>],
}

pub(super) fn page(kernels: &[Facts<'_>], ceilings: Option<Ceilings>) -> io::Result<String> {
    let data = serde_json::to_string(&PageData {
        version: env!("CARGO_PKG_VERSION"),
        ceilings,
        order: standard()
            .variants()
            .map(|(_, variant)| variant.name.clone().into_owned())
            .collect(),
        kernels,
    })?;
    // Nothing within a script element may look like its end.
    let data = data.replace("</", "<\\/");
    Ok(filled(&[("style", STYLE), ("data", &data), ("script", SCRIPT)]))
}

/// The page with each `<!-- name -->` replaced, once: what is put in is not looked at again.
fn filled(parts: &[(&str, &str)]) -> String {
    let mut text =
        String::with_capacity(PAGE.len() + parts.iter().map(|(_, part)| part.len()).sum::<usize>());
    let mut rest = PAGE;
    for (name, part) in parts {
        if let Some((before, after)) = rest.split_once(&format!("<!-- {name} -->")) {
            text.push_str(before);
            text.push_str(part);
            rest = after;
        }
    }
    text.push_str(rest);
    text
}
