//! What unit tests share.

#[path = "../tests/support/adapter.rs"]
mod adapter;

use std::borrow::Cow;

use q4_kernel::{AdapterError, GpuError, Variant, variant};

use crate::{
    adapter::{AdapterName, Device},
    failure::Failure,
};

/// The device of a test. `None` where the machine has no adapter, after saying so.
pub(crate) fn device() -> Option<Device> {
    match Device::open(&AdapterName::Auto) {
        Ok(device) => Some(device),
        Err(Failure::Gpu(GpuError::Adapter(error @ AdapterError::None))) => {
            adapter::skipped(&error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
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
