//! The texts that were verified, and so may run without run-time checks.

use std::{collections::HashSet, sync::OnceLock};

use q4_kernel_types::sha256;

use crate::Variant;

/// Written by `cargo q4 verify --all --write runtime/src/verified.txt`: SHA-256 of a text, and its name for the reader.
const LIST: &str = include_str!("verified.txt");

/// A variant whose text is, letter by letter, one that was verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verified<'a>(&'a Variant);

impl<'a> Verified<'a> {
    /// `None` if the text is not on the list. The text itself is digested: a variant's own fingerprint is only a claim.
    pub(crate) fn of(variant: &'a Variant) -> Option<Self> {
        static FINGERPRINTS: OnceLock<HashSet<&str>> = OnceLock::new();
        let fingerprints = FINGERPRINTS.get_or_init(|| fingerprints().collect());
        fingerprints
            .contains(sha256([&*variant.wgsl]).as_str())
            .then_some(Self(variant))
    }

    pub(crate) fn variant(self) -> &'a Variant {
        self.0
    }
}

fn fingerprints() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter_map(|line| line.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::catalogue;

    #[test]
    fn the_list_is_the_catalogue_and_what_it_is_compared_with() {
        let compared = |line: &&str| line.contains("  published_");
        let listed: HashSet<&str> = LIST
            .lines()
            .filter(|line| !compared(line))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let catalogue: HashSet<&str> = catalogue()
            .iter()
            .map(|variant| variant.fingerprint.as_ref())
            .collect();
        assert!(
            listed == catalogue,
            "{} variants are not verified and {} lines are of texts that are no more; \
             run `cargo q4 verify --all --write runtime/src/verified.txt`",
            catalogue.difference(&listed).count(),
            listed.difference(&catalogue).count(),
        );
        // The first implementation's kernels of one column and of two; `q4` has their texts and holds them against the list.
        assert_eq!(LIST.lines().filter(compared).count(), 2);
    }

    #[test]
    fn a_text_that_was_changed_is_not_verified_whatever_its_fingerprint_says() {
        let good = &catalogue()[0];
        assert!(Verified::of(good).is_some());
        let forged = Variant {
            wgsl: Cow::Owned(good.wgsl.replace("params.N", "params.M")),
            ..good.clone()
        };
        assert_ne!(forged.wgsl, good.wgsl);
        assert!(Verified::of(&forged).is_none());
    }
}
