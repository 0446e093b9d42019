//! What a kernel needs of a device.

use core::fmt;

/// An optional device feature that a kernel can need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Feature {
    /// `wgpu::Features::SUBGROUP`: subgroup built-ins in compute shaders (Vulkan, Metal, DX12; in browsers `subgroups`).
    Subgroup,
    /// `wgpu::Features::SUBGROUP_BARRIER`: barriers of a subgroup (Vulkan, Metal; not in browsers).
    SubgroupBarrier,
    /// `wgpu::Features::SHADER_F16`: half-precision numbers in shaders (Vulkan, Metal, DX12; in browsers `shader-f16`).
    ShaderF16,
    /// `wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX` with matrices of 16 x 16 x 16: f16 operands, f32 accumulators (Vulkan; not in browsers).
    Matrix16,
    /// `wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX` with matrices of 8 x 8 x 8: f16 operands, f32 accumulators (Metal; not in browsers).
    Matrix8,
}

/// What a kernel needs of a device: features and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Needs {
    /// Features that must be enabled.
    pub features: Vec<Feature>,
    /// The only size of subgroups that will do, where not any does.
    pub subgroup_size: Option<u32>,
    /// Invocations per workgroup, all along x.
    pub workgroup_size: u32,
    /// Bytes of workgroup memory.
    pub workgroup_bytes: u32,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 5] = [
        Self::Subgroup,
        Self::SubgroupBarrier,
        Self::ShaderF16,
        Self::Matrix16,
        Self::Matrix8,
    ];

    /// The feature of wgpu: what validation grants the text of a kernel, and what a device must have on.
    #[must_use]
    pub const fn wgpu(self) -> wgpu_types::Features {
        match self {
            Self::Subgroup => wgpu_types::Features::SUBGROUP,
            Self::SubgroupBarrier => wgpu_types::Features::SUBGROUP_BARRIER,
            Self::ShaderF16 => wgpu_types::Features::SHADER_F16,
            Self::Matrix16 | Self::Matrix8 => wgpu_types::Features::EXPERIMENTAL_COOPERATIVE_MATRIX,
        }
    }

    /// The side of the cooperative matrices that it stands for. wgpu has one flag for all sizes, and an adapter lists those it has.
    #[must_use]
    pub const fn matrix_side(self) -> Option<u32> {
        match self {
            Self::Matrix16 => Some(16),
            Self::Matrix8 => Some(8),
            Self::Subgroup | Self::SubgroupBarrier | Self::ShaderF16 => None,
        }
    }

    /// The name that wgpu gives it, with the size where that matters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subgroup => "SUBGROUP",
            Self::SubgroupBarrier => "SUBGROUP_BARRIER",
            Self::ShaderF16 => "SHADER_F16",
            Self::Matrix16 => "COOPERATIVE_MATRIX_16X16",
            Self::Matrix8 => "COOPERATIVE_MATRIX_8X8",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
