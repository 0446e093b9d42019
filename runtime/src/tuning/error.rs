//! Why a table is refused.

use std::path::PathBuf;

use q4_kernel_types::tuning::VERSION;

use super::AdapterKey;

/// Why a table is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be read.
    #[error("{} cannot be read: {reason}; `q4 tune -o {}` makes one", path.display(), path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It is longer than any table.
    #[error("it is longer than {limit} bytes, which no table is; `q4 tune` makes one")]
    TooLong {
        /// The most bytes.
        limit: u64,
    },
    /// It is of another version.
    #[error("it is of version {given}, and version {VERSION} was expected; measure again with `q4 tune`")]
    Version {
        /// The version that it has.
        given: String,
    },
    /// It is of another adapter.
    #[error("it is of the adapter {table}, and this is {device}; measure this one with `q4 tune`")]
    Adapter {
        /// The adapter that it is of.
        table: Box<AdapterKey>,
        /// The adapter in use.
        device: Box<AdapterKey>,
    },
    /// It has too few lines.
    #[error("it ends where {expected} was expected; measure again with `q4 tune`")]
    Ended {
        /// What should follow.
        expected: &'static str,
    },
    /// A line is not what it should be.
    #[error(
        "line {line} is {}, and {expected} was expected; measure again with `q4 tune`",
        shown(given)
    )]
    Line {
        /// Which, from 1.
        line: usize,
        /// What it holds.
        given: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The digest is that of other contents.
    #[error(
        "line {line} has the digest of other contents, so it was damaged or changed by hand; measure again with `q4 tune`"
    )]
    Digest {
        /// The line of the digest.
        line: usize,
    },
    /// An entry breaks a rule.
    #[error("the entry of {shape} {problem}; measure again with `q4 tune`")]
    Entry {
        /// The shape of the entry.
        shape: crate::Shape,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Enough of a line to recognise it.
fn shown(line: &str) -> String {
    const MOST: usize = 80;
    match line.char_indices().nth(MOST) {
        _ if line.is_empty() => "empty".to_owned(),
        None => format!("{line:?}"),
        Some((end, _)) => format!("{:?} and more", &line[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_quoted_up_to_a_length() {
        assert_eq!(shown(""), "empty");
        assert_eq!(shown("a\tb"), "\"a\\tb\"");
        let long = shown(&"é".repeat(1000));
        assert!(
            long.ends_with("\" and more") && long.chars().count() < 100,
            "{long}"
        );
    }
}
