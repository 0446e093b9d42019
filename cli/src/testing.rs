//! What unit tests share.

#[path = "../tests/support/adapter.rs"]
mod adapter;

use std::borrow::Cow;

use q4_kernel::{TuningSource, Variant, variant, wgpu::Backend};

use crate::adapter::{AdapterName, Device};

/// The device of a test: the emulator where the machine has no driver. It follows no tuning table of this machine.
pub(crate) fn device() -> Device {
    let mut device = Device::open(&AdapterName::Auto).unwrap_or_else(|error| panic!("{error}"));
    if device.info.backend == Backend::Noop {
        adapter::no_driver();
    }
    device.gpu = device.gpu.with_tuning(&TuningSource::Off);
    device
}

/// A variant with another text, under a fingerprint of its own.
pub(crate) fn tampered(name: &str, from: &str, to: &str) -> &'static Variant {
    let mut variant = variant(name).unwrap().clone();
    assert!(variant.wgsl.contains(from), "{}", variant.wgsl);
    variant.wgsl = Cow::Owned(variant.wgsl.replace(from, to));
    variant.fingerprint = Cow::Owned(format!("{name} with {to}"));
    Box::leak(Box::new(variant))
}

/// A variant that returns 7.5 in column 3.
pub(crate) fn wrong_in_column_3(name: &str) -> &'static Variant {
    tampered(name, "return sum;", "return select(sum, 7.5, n == 3u);")
}
