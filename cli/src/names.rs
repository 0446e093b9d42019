//! Variants, families and features by name.

use q4_kernel::{Feature, Variant, catalogue, variant};

use crate::grouping::grouped;

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

impl UnknownVariant {
    /// Considers words, beside the names of variants, that may have been meant.
    pub(crate) fn or_one_of(mut self, words: impl IntoIterator<Item = &'static str>) -> Self {
        let alike = |word: &&str| strsim::normalized_damerau_levenshtein(&self.name, word) >= ALIKE;
        let mut nearest: Vec<&str> = words.into_iter().filter(alike).collect();
        nearest.append(&mut self.nearest);
        nearest.truncate(SUGGESTIONS);
        Self { nearest, ..self }
    }
}

/// Stands for any number of characters in a pattern.
const ANY: char = '*';

/// The variants whose name fits a pattern, in which `*` stands for anything.
pub(crate) fn matching(pattern: &str) -> Result<Vec<&'static Variant>, UnknownVariant> {
    if !pattern.contains(ANY) {
        return find(pattern).map(|variant| vec![variant]);
    }
    let found: Vec<_> = catalogue()
        .iter()
        .filter(|variant| fits(pattern, &variant.name))
        .collect();
    if found.is_empty() {
        return Err(UnknownVariant {
            name: pattern.to_owned(),
            nearest: nearest(pattern.trim_matches(ANY)),
        });
    }
    Ok(found)
}

/// Whether a name fits a pattern: its pieces in their order, the first at the beginning and the last at the end.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once(ANY) else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(first) else {
        return false;
    };
    let (between, last) = rest.rsplit_once(ANY).unwrap_or(("", rest));
    let Some(mut name) = name.strip_suffix(last) else {
        return false;
    };
    // The leftmost place of each piece leaves the most room for the others.
    for piece in between.split(ANY) {
        match name.split_once(piece) {
            Some((_, after)) => name = after,
            None => return false,
        }
    }
    true
}

/// Patterns that stand for names, one for each family: what differs between its names is `*`.
pub(crate) fn patterns(names: &[&str]) -> Vec<String> {
    let family = |name: &&str| name.split(BETWEEN).next().unwrap_or_default().to_owned();
    grouped(names.iter().map(|name| (family(name), *name)))
        .into_iter()
        .map(|(_, names)| pattern(&names))
        .collect()
}

/// Stands between the words of a name.
const BETWEEN: char = '_';

/// What names have in common, in whole words at both ends.
fn pattern(names: &[&str]) -> String {
    let (first, others) = names.split_first().unwrap_or((&"", &[]));
    if others.iter().all(|name| name == first) {
        return (*first).to_owned();
    }
    let words = |name: &&str| name.split(BETWEEN).map(str::to_owned).collect::<Vec<String>>();
    let first = words(first);
    let (mut head, mut tail, mut shortest) = (first.len(), first.len(), first.len());
    for name in others.iter().map(words) {
        let common =
            |words: &mut dyn Iterator<Item = (&String, &String)>| words.take_while(|(a, b)| a == b).count();
        shortest = shortest.min(name.len());
        head = head.min(common(&mut first.iter().zip(&name)));
        tail = tail.min(common(&mut first.iter().rev().zip(name.iter().rev())));
    }
    // Each name has a word that the star stands for.
    let head = head.min(shortest - 1);
    let tail = tail.min(shortest - 1 - head);
    let any = ANY.to_string();
    let ends = [&first[..head], &[any], &first[first.len() - tail..]];
    ends.concat().join(&BETWEEN.to_string())
}

/// The features that a word stands for: those whose name contains it, in whatever case and number, as `subgroups` stands for SUBGROUP.
pub(crate) fn features(word: &str) -> Result<Vec<Feature>, String> {
    let word = word.trim().to_uppercase();
    let stem = match word.strip_suffix("ICES") {
        Some(stem) => format!("{stem}IX"),
        None => word.trim_end_matches('S').to_owned(),
    };
    let found: Vec<Feature> = Feature::ALL
        .into_iter()
        .filter(|feature| !stem.is_empty() && feature.name().contains(&stem))
        .collect();
    if found.is_empty() {
        let all: Vec<&str> = Feature::ALL.into_iter().map(Feature::name).collect();
        return Err(format!(
            "kernels use no such feature; there are: {}",
            all.join(", ")
        ));
    }
    Ok(found)
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
    fn a_pattern_fits_every_name_that_it_stands_for() {
        let names = [
            "gemv_w64_c8_g32_subgroup",
            "gemv_w128_c8_r1s_g32_subgroup",
            "gemm_64x64x16_t4x4_g32",
        ];
        assert_eq!(
            patterns(&names),
            ["gemv_*_g32_subgroup", "gemm_64x64x16_t4x4_g32"]
        );
        let all: Vec<&str> = catalogue().iter().map(|variant| variant.name.as_ref()).collect();
        for count in [2, 5, 50, all.len()] {
            for chunk in all.chunks(count) {
                let patterns = patterns(chunk);
                for name in chunk {
                    assert!(
                        patterns.iter().any(|pattern| fits(pattern, name)),
                        "{name}: {patterns:?}"
                    );
                }
            }
        }
        assert_eq!(patterns(&["a_b_b", "a_b"]), ["a_*"]);
    }

    #[test]
    fn every_family_of_the_catalogue_is_named_once() {
        let families = families();
        for variant in catalogue() {
            let family = variant.configuration.geometry.family();
            let times = families.iter().filter(|named| **named == family).count();
            assert_eq!(times, 1, "{family}");
        }
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

    #[test]
    fn a_star_stands_for_anything_and_every_piece_is_matched_once() {
        for (pattern, name) in [
            ("*", "gemm"),
            ("gemm*", "gemm"),
            ("g*m", "gemm"),
            ("*_c1_*", "coop4_w64_c1_g32"),
            ("c*_w64_*_g*32", "coop4_w64_c1_g32"),
            ("a*b*a", "aba"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("gemm", "gemm_2"),
            ("aa*aa", "aaa"),
            ("a*ba*a", "aba"),
            ("*_c1_*", "coop4_w64_c16_g32"),
            ("", "gemm"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_finds_variants_and_one_that_finds_none_is_refused() {
        let found = matching("coop4_*_g32_shared").unwrap();
        assert!(found.len() > 1 && found.iter().all(|variant| variant.name.ends_with("_g32_shared")));
        assert_eq!(matching("coop4_w64_c4_g32_shared").unwrap().len(), 1);
        let error = matching("coop5*").unwrap_err();
        assert!(
            error.to_string().starts_with("no variant is called `coop5*`; "),
            "{error}"
        );
    }

    #[test]
    fn a_word_that_was_meant_is_suggested_before_names() {
        let error = find("bikol").unwrap_err().or_one_of(["coop4", "bicol"]);
        assert_eq!(
            error.to_string(),
            "no variant is called `bikol`; did you mean `bicol`? `q4 list` shows all"
        );
    }

    #[test]
    fn features_are_named_as_people_name_them() {
        for word in ["subgroups", "subgroup", "SUBGROUP"] {
            let of_subgroups = vec![Feature::Subgroup, Feature::SubgroupBarrier];
            assert_eq!(features(word), Ok(of_subgroups), "{word}");
        }
        let all: Vec<&str> = Feature::ALL.into_iter().map(Feature::name).collect();
        for word in ["", "s", "tensor cores"] {
            let expected = format!("kernels use no such feature; there are: {}", all.join(", "));
            assert_eq!(features(word), Err(expected), "{word}");
        }
    }
}
