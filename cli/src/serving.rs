//! Which variants serve a shape on a device, and why the others do not.

use q4_kernel::{RuledOut, Shape, Variant};
use serde::Serialize;

use crate::{adapter::Device, grouping::grouped};

/// Variants that do not run, and why.
#[derive(Debug, Serialize)]
pub(crate) struct Skipped {
    pub(crate) reason: String,
    pub(crate) variants: Vec<&'static str>,
}

/// What keeps a variant from serving a shape on a device; `None` if nothing does.
pub(crate) fn ruled_out(device: &Device, variant: &Variant, shape: Shape) -> Option<RuledOut> {
    let fits = device.gpu.capabilities().check(variant).map_err(RuledOut::Device);
    fits.and_then(|()| {
        variant
            .configuration
            .constraints()
            .check(shape)
            .map_err(RuledOut::Shape)
    })
    .err()
}

/// Variants by reason, each once however many shapes it was refused for.
pub(crate) fn skipped(refused: Vec<(String, &'static str)>) -> Vec<Skipped> {
    let reasons = grouped(refused).into_iter();
    let each_once = |(reason, names): (String, Vec<&'static str>)| Skipped {
        reason,
        variants: grouped(names.into_iter().map(|name| (name, ())))
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
    };
    reasons.map(each_once).collect()
}

/// The first few lines, and how many there are more.
pub(crate) fn first_lines(lines: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = lines[..lines.len().min(SHOWN)].join("\n");
    if lines.len() > SHOWN {
        text.push_str(&format!("\n  and {} more", lines.len() - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_noted_once_under_each_reason() {
        let refused = [("M is 5", "a"), ("M is 5", "b"), ("M is 7", "a"), ("M is 5", "a")];
        let skipped = skipped(refused.map(|(reason, name)| (reason.to_owned(), name)).to_vec());
        let noted: Vec<_> = skipped
            .iter()
            .map(|skipped| (skipped.reason.as_str(), skipped.variants.as_slice()))
            .collect();
        assert_eq!(noted, [("M is 5", &["a", "b"][..]), ("M is 7", &["a"][..])]);
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let lines: Vec<String> = (0..10).map(|line| format!("  {line}")).collect();
        assert_eq!(first_lines(&lines[..2]), "  0\n  1");
        assert!(first_lines(&lines).ends_with("  7\n  and 2 more"));
    }
}
