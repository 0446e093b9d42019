//! What tests do where there is no driver.

use std::{
    env,
    io::{self, Write},
};

/// The variable that turns a missing driver from a loud remark into a failure.
const REQUIRE_ADAPTER: &str = "Q4_REQUIRE_ADAPTER";

/// Says that tests run on the emulator.
///
/// # Panics
/// If [`REQUIRE_ADAPTER`] is set to 1.
pub(crate) fn no_driver() {
    assert!(
        env::var(REQUIRE_ADAPTER).as_deref() != Ok("1"),
        "{REQUIRE_ADAPTER}=1, and there is no Vulkan, Metal or DX12 driver"
    );
    // Not with `eprintln!`: the harness swallows what a test that passes prints so.
    let _ = writeln!(
        io::stderr(),
        "==== NO DRIVER: these tests run on the emulator ===="
    );
}
