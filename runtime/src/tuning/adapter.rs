//! Which adapter a table is of.

use std::fmt;

/// What tells the adapter of a table from others: measurements hold for all devices of it, whatever their driver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AdapterKey {
    /// Its name.
    pub name: String,
    /// The back end of wgpu: the same hardware is another adapter on another one.
    pub backend: String,
    /// The back end's number of the vendor.
    pub vendor: u32,
    /// The back end's number of the device.
    pub device: u32,
}

impl AdapterKey {
    /// The key of an adapter.
    #[must_use]
    pub fn of(info: &wgpu::AdapterInfo) -> Self {
        Self {
            name: one_line(&info.name),
            backend: info.backend.to_str().to_owned(),
            vendor: info.vendor,
            device: info.device,
        }
    }

    /// The name of the file that a table of this adapter is kept in.
    #[must_use]
    pub fn file_name(&self) -> String {
        let Self {
            name,
            backend,
            vendor,
            device,
        } = self;
        let name: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        format!("{backend}_{vendor:04x}_{device:04x}_{name}.txt")
    }
}

/// What a driver says of itself.
pub(super) fn driver(info: &wgpu::AdapterInfo) -> String {
    one_line(&format!("{} {}", info.driver, info.driver_info))
}

/// A text that a line of a table can hold: back ends pass on what drivers say.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

impl fmt::Display for AdapterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            backend,
            vendor,
            device,
        } = self;
        write!(f, "{name} ({backend}, {vendor:#06x}:{device:#06x})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_its_file_name_is_plain() {
        let key = AdapterKey {
            name: one_line("  llvmpipe (LLVM 15.0.6,\n256 bits)\0 "),
            backend: "vulkan".to_owned(),
            vendor: 0x1_0005,
            device: 0,
        };
        assert_eq!(key.name, "llvmpipe (LLVM 15.0.6, 256 bits)");
        assert_eq!(
            key.file_name(),
            "vulkan_10005_0000_llvmpipe__LLVM_15_0_6__256_bits_.txt"
        );
        assert_eq!(
            key.to_string(),
            "llvmpipe (LLVM 15.0.6, 256 bits) (vulkan, 0x10005:0x0000)"
        );
    }
}
