//! The page: one file, with its data, style and script inside.

use std::io;

use serde::Serialize;

use super::{
    bound::{Ceilings, K},
    facts::Facts,
    order::{Placed, order},
};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the script finds in the page.
#[derive(Serialize)]
struct PageData<'a> {
    version: &'static str,
    ceilings: Option<Ceilings>,
    /// K of the layers whose routes are shown.
    k: u32,
    /// Orders in which variants are considered.
    orders: Vec<Vec<Placed>>,
    /// Of each kernel, its place among the orders.
    order_of: Vec<usize>,
    kernels: &'a [Facts<'a>],
}

pub(super) fn page(kernels: &[Facts<'_>], ceilings: Option<Ceilings>) -> io::Result<String> {
    let mut orders: Vec<Vec<Placed>> = Vec::new();
    let order_of = kernels.iter().map(|facts| {
        let order = order(facts.configuration);
        let known = orders.iter().position(|known| *known == order);
        known.unwrap_or_else(|| {
            orders.push(order);
            orders.len() - 1
        })
    });
    let order_of = order_of.collect();
    let data = serde_json::to_string(&PageData {
        version: env!("CARGO_PKG_VERSION"),
        ceilings,
        k: K,
        orders,
        order_of,
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
