//! What a device can do, as far as kernels care, and what a kernel may miss.

use wgpu::Features;

use crate::{Feature, Needs, Variant, layout::Binding};

/// What a device can do, as far as kernels care.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Capabilities {
    /// Optional features that are on.
    pub features: Vec<Feature>,
    /// Smallest and largest subgroup, where there are subgroups.
    pub subgroup_size: Option<(u32, u32)>,
    /// Whether GPU time can be measured.
    pub timestamps: bool,
    /// Invocations per workgroup, in all and along x.
    pub max_invocations: u32,
    /// Bytes of workgroup memory.
    pub max_workgroup_bytes: u32,
    /// Workgroups per dimension of a dispatch.
    pub max_workgroups: u32,
    /// Bytes of one storage binding.
    pub max_binding_bytes: u64,
    /// Bytes of one buffer.
    pub max_buffer_bytes: u64,
    /// Storage buffers that one kernel can bind.
    pub max_storage_buffers: u32,
    /// What offsets of storage bindings are a multiple of.
    pub binding_alignment: u32,
}

/// What a variant needs and a device lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(tag = "missing", rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Unmet {
    /// A feature is off.
    #[error("it needs the feature {feature}, which the device lacks or did not enable")]
    Feature {
        /// The feature.
        feature: Feature,
    },
    /// Subgroups have another size, or one that the driver chooses.
    #[error("it needs subgroups of {needed} lanes, and the device has them of {smallest} to {largest}")]
    SubgroupSize {
        /// Lanes needed.
        needed: u32,
        /// Lanes of the smallest subgroups.
        smallest: u32,
        /// Lanes of the largest.
        largest: u32,
    },
    /// Workgroups are too large.
    #[error("it needs {needed} invocations per workgroup, and the device allows {allowed}")]
    Invocations {
        /// Invocations needed.
        needed: u32,
        /// Invocations allowed.
        allowed: u32,
    },
    /// Too few buffers can be bound.
    #[error(
        "it binds {needed} storage buffers, and the device allows {allowed}; raise max_storage_buffers_per_shader_stage when the device is created"
    )]
    StorageBuffers {
        /// Buffers needed.
        needed: u32,
        /// Buffers allowed.
        allowed: u32,
    },
    /// There is too little workgroup memory.
    #[error("it needs {needed} bytes of workgroup memory, and the device allows {allowed}")]
    WorkgroupBytes {
        /// Bytes needed.
        needed: u32,
        /// Bytes allowed.
        allowed: u32,
    },
}

impl Capabilities {
    /// What a device can do. Which cooperative matrices it has, only its adapter knows.
    pub(super) fn of(device: &wgpu::Device, matrices: &Matrices) -> Self {
        Self::new(
            device.features(),
            &device.limits(),
            &device.adapter_info(),
            matrices,
        )
    }

    pub(super) fn new(
        features: Features,
        limits: &wgpu::Limits,
        info: &wgpu::AdapterInfo,
        matrices: &Matrices,
    ) -> Self {
        let on: Vec<Feature> = Feature::ALL
            .into_iter()
            .filter(|feature| features.contains(feature.wgpu()))
            .filter(|feature| feature.matrix_side().is_none_or(|side| matrices.has(side)))
            .collect();
        Self {
            subgroup_size: on
                .contains(&Feature::Subgroup)
                .then_some((info.subgroup_min_size, info.subgroup_max_size)),
            features: on,
            timestamps: features.contains(Features::TIMESTAMP_QUERY),
            max_invocations: limits
                .max_compute_invocations_per_workgroup
                .min(limits.max_compute_workgroup_size_x),
            max_workgroup_bytes: limits.max_compute_workgroup_storage_size,
            max_workgroups: limits.max_compute_workgroups_per_dimension,
            max_binding_bytes: limits.max_storage_buffer_binding_size,
            max_buffer_bytes: limits.max_buffer_size,
            max_storage_buffers: limits.max_storage_buffers_per_shader_stage,
            binding_alignment: limits.min_storage_buffer_offset_alignment,
        }
    }

    /// Bytes of the largest storage buffer that one kernel can use whole. Below 4 GiB, so that byte indices fit a shader's u32.
    pub(crate) fn max_storage_bytes(&self) -> u64 {
        let word = wgpu::COPY_BUFFER_ALIGNMENT;
        self.max_binding_bytes
            .min(self.max_buffer_bytes)
            .min(u64::from(u32::MAX))
            / word
            * word
    }

    /// Whether a variant can run here. wgpu checks neither workgroup memory nor, before compilation, features.
    ///
    /// # Errors
    /// The first thing that is missing.
    pub fn check(&self, variant: &Variant) -> Result<(), Unmet> {
        let Needs {
            features,
            subgroup_size,
            workgroup_size,
            workgroup_bytes,
        } = variant.needs();
        if let Some(&feature) = features.iter().find(|feature| !self.features.contains(feature)) {
            return Err(Unmet::Feature { feature });
        }
        if let (Some(needed), Some((smallest, largest))) = (subgroup_size, self.subgroup_size)
            && (smallest, largest) != (needed, needed)
        {
            return Err(Unmet::SubgroupSize {
                needed,
                smallest,
                largest,
            });
        }
        if workgroup_size > self.max_invocations {
            return Err(Unmet::Invocations {
                needed: workgroup_size,
                allowed: self.max_invocations,
            });
        }
        if workgroup_bytes > self.max_workgroup_bytes {
            return Err(Unmet::WorkgroupBytes {
                needed: workgroup_bytes,
                allowed: self.max_workgroup_bytes,
            });
        }
        let storage =
            Binding::of(variant.configuration.encoding).filter(|binding| *binding != Binding::Params);
        let needed = u32::try_from(storage.count()).unwrap_or(u32::MAX);
        if needed > self.max_storage_buffers {
            return Err(Unmet::StorageBuffers {
                needed,
                allowed: self.max_storage_buffers,
            });
        }
        Ok(())
    }
}

/// The sizes of cooperative matrices that an adapter multiplies in the way that kernels do: f16 operands, f32 accumulators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Matrices(Vec<u32>);

impl Matrices {
    pub(super) fn of(adapter: &wgpu::Adapter) -> Self {
        let square = |properties: &wgpu::CooperativeMatrixProperties| {
            let side = properties.m_size;
            let fits = (properties.n_size, properties.k_size) == (side, side)
                && properties.ab_type == wgpu::CooperativeScalarType::F16
                && properties.cr_type == wgpu::CooperativeScalarType::F32;
            fits.then_some(side)
        };
        Self(
            adapter
                .cooperative_matrix_properties()
                .iter()
                .filter_map(square)
                .collect(),
        )
    }

    fn has(&self, side: u32) -> bool {
        self.0.contains(&side)
    }
}

/// What is asked for wherever it is offered.
pub(super) fn wanted_features() -> Features {
    let always = Features::TIMESTAMP_QUERY | Features::PIPELINE_CACHE;
    Feature::ALL
        .iter()
        .fold(always, |all, feature| all | feature.wgpu())
}
