//! Variants and families by name.

use q4_kernel::{Variant, catalogue, variant};

/// A name that no variant has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no variant is called `{name}`; {}`q4 list` shows all", suggestion(nearest))]
pub(crate) struct UnknownVariant {
    name: String,
    nearest: Vec<&'static str>,
}

/// The variant of this name.
pub(crate) fn find(name: &str) -> Result<&'static Variant, UnknownVariant> {
    variant(name).ok_or_else(|| UnknownVariant {
        name: name.to_owned(),
        nearest: nearest(name),
    })
}

/// The families of the catalogue, in its order.
pub(crate) fn families() -> Vec<&'static str> {
    let mut families = Vec::new();
    for variant in catalogue() {
        let family = variant.configuration.geometry.family();
        if !families.contains(&family) {
            families.push(family);
        }
    }
    families
}

/// As many names as are worth reading.
const SUGGESTIONS: usize = 3;
/// Below this similarity, of 1 for the same name, two names have nothing to do with each other.
const ALIKE: f64 = 0.6;

/// The names most like `name`, best first. Those that begin with it come before all others.
fn nearest(name: &str) -> Vec<&'static str> {
    let likeness = |candidate: &str| {
        let begins = f64::from(u8::from(!name.is_empty() && candidate.starts_with(name)));
        begins + strsim::normalized_damerau_levenshtein(name, candidate)
    };
    let mut candidates: Vec<(f64, &str)> = catalogue()
        .iter()
        .map(|variant| (likeness(&variant.name), variant.name.as_ref()))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    candidates.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    candidates.truncate(SUGGESTIONS);
    candidates.into_iter().map(|(_, candidate)| candidate).collect()
}

fn suggestion(nearest: &[&str]) -> String {
    let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => format!("did you mean {only}? "),
        Some((last, others)) => format!("did you mean {} or {last}? ", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_of_the_catalogue_is_named_once() {
        assert_eq!(families(), ["coop4", "gemm"]);
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_name_that_was_meant() {
        assert_eq!(nearest("coop4_w64_c4_g32_sharde")[0], "coop4_w64_c4_g32_shared");
        assert_eq!(nearest("gemm_64x64x16_t4x4_g_32")[0], "gemm_64x64x16_t4x4_g32");
    }

    #[test]
    fn the_beginning_of_a_name_finds_names_that_begin_so() {
        let found = nearest("coop4_w128");
        assert_eq!(found.len(), SUGGESTIONS);
        assert!(
            found.iter().all(|name| name.starts_with("coop4_w128")),
            "{found:?}"
        );
    }

    #[test]
    fn nothing_is_suggested_for_a_name_like_no_other() {
        let error = find("sgemm").unwrap_err();
        assert_eq!(
            error.to_string(),
            "no variant is called `sgemm`; `q4 list` shows all"
        );
    }

    #[test]
    fn suggestions_read_as_a_sentence() {
        assert_eq!(suggestion(&["a"]), "did you mean `a`? ");
        assert_eq!(suggestion(&["a", "b", "c"]), "did you mean `a`, `b` or `c`? ");
    }
}
