//! What the whole-workspace tests share.

mod cases;

use std::{
    env,
    io::{self, Write},
    sync::OnceLock,
};

use q4_kernel::{Gpu, GpuOptions, TuningSource, wgpu};

pub use cases::cases;

/// The variable that turns a missing driver from a loud remark into a failure.
pub const REQUIRE_ADAPTER: &str = "Q4_REQUIRE_ADAPTER";

/// The device of the tests, opened once: the best adapter, and the emulator where there is no driver.
///
/// # Panics
/// If there is no driver and [`REQUIRE_ADAPTER`] is set to 1.
#[must_use]
pub fn gpu() -> Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    GPU.get_or_init(|| {
        let gpu = open(&GpuOptions::default());
        if is_emulated(&gpu) {
            assert!(
                env::var(REQUIRE_ADAPTER).as_deref() != Ok("1"),
                "{REQUIRE_ADAPTER}=1, and there is no Vulkan, Metal or DX12 driver; install one, or unset the variable to \
                 test on the emulator"
            );
            // Not by `eprintln!`, which the test harness keeps to itself where a test passes. A harness without stderr would have to do
            // without the remark.
            let _ = writeln!(io::stderr(), "==== NO DRIVER: these tests run on the emulator ====");
        }
        gpu
    })
    .clone()
}

/// As [`gpu`], a device of its own with other options. It follows no tuning table but one that the options name: what runs must not depend on what was
/// measured on a machine.
///
/// # Panics
/// If it cannot be opened.
#[must_use]
pub fn open(options: &GpuOptions) -> Gpu {
    let mut options = options.clone();
    if options.tuning == TuningSource::Default {
        options.tuning = TuningSource::Off;
    }
    Gpu::open(&options).unwrap_or_else(|error| panic!("{error}"))
}

/// Whether a device is the emulator.
#[must_use]
pub fn is_emulated(gpu: &Gpu) -> bool {
    gpu.device().adapter_info().backend == wgpu::Backend::Noop
}

/// The emulator: drivers that have cooperative matrices are few, it has those of both sizes.
///
/// # Panics
/// If it cannot be opened.
#[must_use]
pub fn emulator() -> Gpu {
    open(&GpuOptions {
        adapter: Some("emulator".to_owned()),
        ..GpuOptions::default()
    })
}
