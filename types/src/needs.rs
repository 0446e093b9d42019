//! What a kernel needs of a device.

use core::fmt;

/// An optional device feature that a kernel can need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Feature {
    /// `wgpu::Features::SUBGROUP`: subgroup built-ins in compute shaders (Vulkan, Metal, DX12; in browsers `subgroups`).
    Subgroup,
}

/// What a kernel needs of a device: features and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Needs {
    /// Features that must be enabled.
    pub features: &'static [Feature],
    /// Invocations per workgroup, all along x.
    pub workgroup_size: u32,
    /// Bytes of workgroup memory.
    pub workgroup_bytes: u32,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 1] = [Self::Subgroup];

    /// The feature of wgpu: what validation grants the text of a kernel, and what a device must have on.
    #[must_use]
    pub const fn wgpu(self) -> wgpu_types::Features {
        match self {
            Self::Subgroup => wgpu_types::Features::SUBGROUP,
        }
    }

    /// The name that wgpu gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subgroup => "SUBGROUP",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
