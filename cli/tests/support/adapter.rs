//! What tests do where there is nothing to run on.

use std::{
    env,
    io::{self, Write},
};

/// The variable that turns a missing adapter from a loud remark into a failure.
const REQUIRE_ADAPTER: &str = "Q4_REQUIRE_ADAPTER";

/// Says that the test which calls this is skipped.
///
/// # Panics
/// If [`REQUIRE_ADAPTER`] is set to 1.
pub(crate) fn skipped(reason: &str) {
    assert!(
        env::var(REQUIRE_ADAPTER).as_deref() != Ok("1"),
        "{REQUIRE_ADAPTER}=1, and {reason}"
    );
    // Not with `eprintln!`: the harness swallows what a test that passes prints so.
    let _ = writeln!(
        io::stderr(),
        "==== NOT TESTED, for lack of a device: {reason} ===="
    );
}
