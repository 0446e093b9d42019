//! What the whole-workspace tests share.

use std::{
    env,
    io::{self, Write},
    sync::OnceLock,
};

use q4_kernel::{AdapterError, Gpu, GpuError, GpuOptions};

/// The variable that turns a missing adapter from a loud remark into a failure.
pub const REQUIRE_ADAPTER: &str = "Q4_REQUIRE_ADAPTER";

/// The device of the tests, opened once.
///
/// `None` where the machine has no adapter, after saying so.
///
/// # Panics
/// If there is no adapter and [`REQUIRE_ADAPTER`] is set to 1, or if there is one and it cannot be opened.
#[must_use]
pub fn gpu() -> Option<Gpu> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    GPU.get_or_init(|| open(&GpuOptions::default())).clone()
}

/// As [`gpu`], a device of its own with other options.
///
/// # Panics
/// As [`gpu`].
#[must_use]
pub fn open(options: &GpuOptions) -> Option<Gpu> {
    match Gpu::open(options) {
        Ok(gpu) => Some(gpu),
        Err(GpuError::Adapter(error @ AdapterError::None)) => {
            assert!(
                env::var(REQUIRE_ADAPTER).as_deref() != Ok("1"),
                "{REQUIRE_ADAPTER}=1, and {error}"
            );
            // Not by `eprintln!`, which the test harness keeps to itself where a test passes.
            // A harness without stderr would have to do without the remark.
            let _ = writeln!(
                io::stderr(),
                "==== NOT TESTED, for lack of a device: {error} ===="
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}
