//! Where the files are that tests read.
#![allow(dead_code, reason = "no test file needs all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper that panics fails its test, as it should; what is left out is said"
)]

use std::path::PathBuf;

/// A file of this crate's own.
pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// The folder of all files that other tools wrote: `Q4_FIXTURES`, or `shared/fixtures` beside the repository. They are too large to be a part of it.
pub(crate) fn fixtures() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    let folder = std::env::var_os("Q4_FIXTURES").map_or_else(beside, PathBuf::from);
    if folder.join("manifest.json").is_file() {
        return Some(folder);
    }
    println!(
        "{} has no manifest.json: set Q4_FIXTURES to test all files",
        folder.display()
    );
    None
}

/// The folder's manifest.
pub(crate) fn manifest(folder: &std::path::Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap()
}
