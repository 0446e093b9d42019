//! Why variants do not run, those told of together whose reasons differ only in a number.

use q4_kernel::{Refusal, RuledOut, Unmet};
use serde::Serialize;

use crate::grouping::grouped;

/// A reason, and the variants that it keeps from running.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Reason<'a> {
    /// What follows the number of variants: a verb in the plural comes first.
    pub(crate) reason: String,
    /// The variants.
    pub(crate) variants: Vec<&'a str>,
}

/// Reasons in the order in which they first appear.
pub(crate) fn by_reason<'a>(ruled_out: impl IntoIterator<Item = (RuledOut, &'a str)>) -> Vec<Reason<'a>> {
    let parted = ruled_out.into_iter().map(|(reason, variant)| {
        let Parts {
            before,
            number,
            after,
            listed,
        } = Parts::of(&reason);
        ((before, after, listed), (number, variant))
    });
    grouped(parted)
        .into_iter()
        .map(|((before, after, listed), variants)| {
            let mut numbers: Vec<u32> = variants.iter().filter_map(|(number, _)| *number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            Reason {
                reason: format!("{before}{}{after}", told(&numbers, listed)),
                variants: variants.into_iter().map(|(_, variant)| variant).collect(),
            }
        })
        .collect()
}

/// Numbers that are listed one by one, at most.
const LISTED: usize = 4;

/// `2, 4 or 8` where each number counts, `32896 to 43136` where only how large they are does.
fn told(numbers: &[u32], listed: bool) -> String {
    match numbers {
        [] => String::new(),
        [only] => only.to_string(),
        [first @ .., last] if listed && numbers.len() <= LISTED => {
            let first: Vec<String> = first.iter().map(u32::to_string).collect();
            format!("{} or {last}", first.join(", "))
        }
        [least, .., most] => format!("{least} to {most}"),
    }
}

/// A reason around the number in which variants of a kind differ.
struct Parts {
    before: String,
    number: Option<u32>,
    after: String,
    listed: bool,
}

impl Parts {
    fn of(reason: &RuledOut) -> Self {
        match reason {
            RuledOut::Shape(refusal) => Self::of_refusal(*refusal),
            RuledOut::Device(unmet) => Self::of_unmet(*unmet),
        }
    }

    fn of_refusal(refusal: Refusal) -> Self {
        let (before, number, after) = match refusal {
            Refusal::OneRow { m } => ("multiply one row", None, format!(", and M is {m}")),
            Refusal::MostRows { m, most } => ("multiply up to ", Some(most), format!(" rows, and M is {m}")),
            Refusal::K { k, expected } => ("are made for K = ", Some(expected), format!(", and K is {k}")),
            Refusal::KMultiple { k, multiple } => (
                "need K to be a multiple of ",
                Some(multiple),
                format!(", and K is {k}"),
            ),
            Refusal::MostK { k, most } => {
                ("hold inputs of up to K = ", Some(most), format!(", and K is {k}"))
            }
            Refusal::GroupSize { group_size, expected } => (
                "are made for groups of ",
                Some(expected),
                format!(", and there are {group_size} in a group"),
            ),
            Refusal::GroupSizeMultiple { group_size, multiple } => (
                "need groups of a multiple of ",
                Some(multiple),
                format!(", and there are {group_size} in a group"),
            ),
        };
        Self {
            before: before.to_owned(),
            number,
            after,
            listed: true,
        }
    }

    fn of_unmet(unmet: Unmet) -> Self {
        let (number, after) = match unmet {
            Unmet::Feature { feature } => (None, format!("the feature {feature}")),
            Unmet::Invocations { needed, allowed } => (
                Some(needed),
                format!(" invocations per workgroup, and {allowed} are allowed"),
            ),
            Unmet::WorkgroupBytes { needed, allowed } => (
                Some(needed),
                format!(" bytes of workgroup memory, and {allowed} are allowed"),
            ),
            Unmet::StorageBuffers { needed, allowed } => (
                Some(needed),
                format!(" storage buffers per kernel, and {allowed} are allowed"),
            ),
            other => {
                let text = other.to_string();
                (None, text.strip_prefix("it needs ").unwrap_or(&text).to_owned())
            }
        };
        Self {
            before: "need ".to_owned(),
            number,
            after,
            listed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use q4_kernel::Feature;

    use super::*;

    fn told_of(ruled_out: &[(RuledOut, &'static str)]) -> Vec<(String, Vec<&'static str>)> {
        by_reason(ruled_out.iter().copied())
            .into_iter()
            .map(|Reason { reason, variants }| (reason, variants))
            .collect()
    }

    #[test]
    fn reasons_that_differ_in_a_number_are_one() {
        let rows = |most| RuledOut::Shape(Refusal::MostRows { m: 512, most });
        let bytes = |needed| RuledOut::Device(Unmet::WorkgroupBytes { needed, allowed: 10 });
        let feature = RuledOut::Device(Unmet::Feature {
            feature: Feature::Matrix16,
        });
        assert_eq!(
            told_of(&[
                (rows(8), "a"),
                (bytes(20), "b"),
                (rows(2), "c"),
                (bytes(40), "d"),
                (feature, "e"),
                (rows(2), "f"),
                (bytes(30), "g"),
                (rows(4), "h"),
            ]),
            [
                (
                    "multiply up to 2, 4 or 8 rows, and M is 512".to_owned(),
                    vec!["a", "c", "f", "h"]
                ),
                (
                    "need 20 to 40 bytes of workgroup memory, and 10 are allowed".to_owned(),
                    vec!["b", "d", "g"]
                ),
                (format!("need the feature {}", Feature::Matrix16), vec!["e"]),
            ]
        );
    }

    #[test]
    fn one_number_is_said_as_it_is() {
        let only = RuledOut::Shape(Refusal::GroupSize {
            group_size: 32,
            expected: 64,
        });
        assert_eq!(
            told_of(&[(only, "a"), (only, "b")])[0].0,
            "are made for groups of 64, and there are 32 in a group"
        );
    }
}
