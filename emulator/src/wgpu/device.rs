//! The device: creation of resources, and what all of them share.

use std::collections::VecDeque;
use std::future::ready;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use ::wgpu as api;
use ::wgpu::custom::{
    BoxDeviceLostCallback, DeviceInterface, DispatchBindGroup, DispatchBindGroupLayout, DispatchBlas,
    DispatchBuffer, DispatchCommandEncoder, DispatchComputePipeline, DispatchExternalTexture,
    DispatchPipelineCache, DispatchPipelineLayout, DispatchQuerySet, DispatchRenderBundleEncoder,
    DispatchRenderPipeline, DispatchSampler, DispatchShaderModule, DispatchTexture, DispatchTlas,
    PopErrorScopeFuture,
};

use super::errors::{Errors, lock};
use super::life::Life;
use super::{Options, absent, binding, buffer, encoder, pipeline};
use crate::report::Report;

/// What one dispatch did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DispatchReport {
    /// Label of the pipeline, or the name of its entry point.
    pub pipeline: String,
    /// Workgroups in each dimension.
    pub workgroups: [u32; 3],
    /// Faults and counters.
    pub report: Report,
}

/// What the device, its queue and its resources share.
pub(super) struct State {
    pub(super) options: Options,
    pub(super) features: api::Features,
    pub(super) limits: api::Limits,
    pub(super) errors: Errors,
    pub(super) life: Life,
    /// Start of the time that timestamps count from.
    pub(super) epoch: Instant,
    pub(super) submissions: AtomicU64,
    reports: Mutex<VecDeque<DispatchReport>>,
    callbacks: Mutex<Vec<Callback>>,
}

impl std::fmt::Debug for State {
    /// Short, because every object of the device shows it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// Something to call at the next opportunity.
pub(super) struct Callback(pub(super) Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Callback")
    }
}

impl State {
    pub(super) fn new(options: Options, features: api::Features, limits: api::Limits) -> Arc<Self> {
        Arc::new(Self {
            options,
            features,
            limits,
            errors: Errors::default(),
            life: Life::default(),
            epoch: Instant::now(),
            submissions: AtomicU64::new(0),
            reports: Mutex::default(),
            callbacks: Mutex::default(),
        })
    }

    pub(super) fn add_report(&self, report: DispatchReport) {
        let mut reports = lock(&self.reports);
        reports.push_back(report);
        while reports.len() > self.options.reports {
            reports.pop_front();
        }
    }

    pub(super) fn take_reports(&self) -> Vec<DispatchReport> {
        std::mem::take(&mut *lock(&self.reports)).into()
    }

    pub(super) fn call_later(&self, callback: impl FnOnce() + Send + 'static) {
        lock(&self.callbacks).push(Callback(Box::new(callback)));
    }

    /// Calls what was put off. Callbacks may put off others, which are left for the next time.
    pub(super) fn run_callbacks(&self) {
        let callbacks = std::mem::take(&mut *lock(&self.callbacks));
        for Callback(callback) in callbacks {
            callback();
        }
    }

    /// Nanoseconds since the device was made.
    pub(super) fn timestamp(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Raises the error for something that this device does not do.
    pub(super) fn not_supported(&self, what: &str) {
        self.errors
            .validation(format!("the emulated device does not support {what}"));
    }
}

/// Features that the emulator can offer.
pub(super) fn supported_features() -> api::Features {
    api::Features::SHADER_F16
        | api::Features::SHADER_I16
        | api::Features::SHADER_FLOAT32_ATOMIC
        | api::Features::SUBGROUP
        | api::Features::SUBGROUP_BARRIER
        | api::Features::EXPERIMENTAL_COOPERATIVE_MATRIX
        | api::Features::IMMEDIATES
        | api::Features::TIMESTAMP_QUERY
        | api::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS
        | api::Features::TIMESTAMP_QUERY_INSIDE_PASSES
        | api::Features::MAPPABLE_PRIMARY_BUFFERS
}

/// Limits that the emulator can keep.
pub(super) fn supported_limits() -> api::Limits {
    api::Limits {
        max_storage_buffers_per_shader_stage: 64,
        max_uniform_buffers_per_shader_stage: 64,
        max_dynamic_storage_buffers_per_pipeline_layout: 64,
        max_dynamic_uniform_buffers_per_pipeline_layout: 64,
        max_bind_groups: 8,
        // Offsets within a binding are 32-bit numbers.
        max_storage_buffer_binding_size: (1 << 32) - 4,
        max_uniform_buffer_binding_size: 64 << 10,
        max_buffer_size: 1 << 33,
        min_uniform_buffer_offset_alignment: 32,
        min_storage_buffer_offset_alignment: 32,
        max_compute_workgroup_storage_size: 64 << 10,
        max_compute_invocations_per_workgroup: 1024,
        max_compute_workgroup_size_x: 1024,
        max_compute_workgroup_size_y: 1024,
        max_compute_workgroup_size_z: 64,
        max_immediate_size: 4096,
        ..api::Limits::default()
    }
}

/// The device.
#[derive(Debug)]
pub(super) struct EmulatedDevice {
    pub(super) state: Arc<State>,
}

#[expect(
    unsafe_code,
    reason = "wgpu's interface declares some functions unsafe; these bodies do nothing unsafe"
)]
impl DeviceInterface for EmulatedDevice {
    fn features(&self) -> api::Features {
        self.state.features
    }

    fn limits(&self) -> api::Limits {
        self.state.limits.clone()
    }

    fn adapter_info(&self) -> api::AdapterInfo {
        super::adapter::info(&self.state.options)
    }

    fn create_shader_module(
        &self,
        desc: api::ShaderModuleDescriptor<'_>,
        _: api::ShaderRuntimeChecks,
    ) -> DispatchShaderModule {
        DispatchShaderModule::custom(pipeline::ShaderModule::new(&self.state, &desc))
    }

    unsafe fn create_shader_module_passthrough(
        &self,
        _: &api::ShaderModuleDescriptorPassthrough<'_>,
    ) -> DispatchShaderModule {
        self.state.not_supported("shaders that are passed through");
        DispatchShaderModule::custom(pipeline::ShaderModule::invalid())
    }

    fn create_bind_group_layout(&self, desc: &api::BindGroupLayoutDescriptor<'_>) -> DispatchBindGroupLayout {
        DispatchBindGroupLayout::custom(binding::BindGroupLayout::new(&self.state, desc))
    }

    fn create_bind_group(&self, desc: &api::BindGroupDescriptor<'_>) -> DispatchBindGroup {
        DispatchBindGroup::custom(binding::BindGroup::new(&self.state, desc))
    }

    fn create_pipeline_layout(&self, desc: &api::PipelineLayoutDescriptor<'_>) -> DispatchPipelineLayout {
        DispatchPipelineLayout::custom(binding::PipelineLayout::new(&self.state, desc))
    }

    fn create_render_pipeline(&self, _: &api::RenderPipelineDescriptor<'_>) -> DispatchRenderPipeline {
        self.state.not_supported("render pipelines");
        DispatchRenderPipeline::custom(absent::RenderPipeline)
    }

    fn create_mesh_pipeline(&self, _: &api::MeshPipelineDescriptor<'_>) -> DispatchRenderPipeline {
        self.state.not_supported("mesh pipelines");
        DispatchRenderPipeline::custom(absent::RenderPipeline)
    }

    fn create_compute_pipeline(&self, desc: &api::ComputePipelineDescriptor<'_>) -> DispatchComputePipeline {
        DispatchComputePipeline::custom(pipeline::ComputePipeline::new(&self.state, desc))
    }

    unsafe fn create_pipeline_cache(&self, _: &api::PipelineCacheDescriptor<'_>) -> DispatchPipelineCache {
        self.state.not_supported("pipeline caches");
        DispatchPipelineCache::custom(absent::PipelineCache)
    }

    fn create_buffer(&self, desc: &api::BufferDescriptor<'_>) -> DispatchBuffer {
        DispatchBuffer::custom(buffer::BufferResource::new(&self.state, desc))
    }

    fn create_texture(&self, _: &api::TextureDescriptor<'_>) -> DispatchTexture {
        self.state.not_supported("textures");
        DispatchTexture::custom(absent::Texture)
    }

    fn create_external_texture(
        &self,
        _: &api::ExternalTextureDescriptor<'_>,
        _: &[&api::TextureView],
    ) -> DispatchExternalTexture {
        self.state.not_supported("external textures");
        DispatchExternalTexture::custom(absent::Texture)
    }

    fn create_blas(
        &self,
        _: &api::CreateBlasDescriptor<'_>,
        _: api::BlasGeometrySizeDescriptors,
    ) -> (Option<u64>, DispatchBlas) {
        self.state.not_supported("acceleration structures");
        (None, DispatchBlas::custom(absent::AccelerationStructure))
    }

    fn create_tlas(&self, _: &api::CreateTlasDescriptor<'_>) -> DispatchTlas {
        self.state.not_supported("acceleration structures");
        DispatchTlas::custom(absent::AccelerationStructure)
    }

    fn create_sampler(&self, _: &api::SamplerDescriptor<'_>) -> DispatchSampler {
        self.state.not_supported("samplers");
        DispatchSampler::custom(absent::Sampler)
    }

    fn create_query_set(&self, desc: &api::QuerySetDescriptor<'_>) -> DispatchQuerySet {
        DispatchQuerySet::custom(encoder::QuerySet::new(&self.state, desc))
    }

    fn create_command_encoder(&self, desc: &api::CommandEncoderDescriptor<'_>) -> DispatchCommandEncoder {
        DispatchCommandEncoder::custom(encoder::CommandEncoder::new(&self.state, desc))
    }

    fn create_render_bundle_encoder(
        &self,
        _: &api::RenderBundleEncoderDescriptor<'_>,
    ) -> DispatchRenderBundleEncoder {
        self.state.not_supported("render bundles");
        DispatchRenderBundleEncoder::custom(absent::RenderBundleEncoder)
    }

    fn set_device_lost_callback(&self, callback: BoxDeviceLostCallback) {
        self.state.life.on_lost(callback);
    }

    fn on_uncaptured_error(&self, handler: Arc<dyn api::UncapturedErrorHandler>) {
        self.state.errors.set_handler(handler);
    }

    fn push_error_scope(&self, filter: api::ErrorFilter) -> u32 {
        self.state.errors.push(filter)
    }

    fn pop_error_scope(&self, index: u32) -> Pin<Box<dyn PopErrorScopeFuture>> {
        Box::pin(ready(self.state.errors.pop(index)))
    }

    unsafe fn start_graphics_debugger_capture(&self) {}

    unsafe fn stop_graphics_debugger_capture(&self) {}

    fn poll(&self, poll_type: api::wgt::PollType<u64>) -> Result<api::PollStatus, api::PollError> {
        let submitted = self.state.submissions.load(Ordering::Acquire);
        if let api::wgt::PollType::Wait {
            submission_index: Some(index),
            ..
        } = poll_type
            && index > submitted
        {
            return Err(api::PollError::WrongSubmissionIndex(index, submitted));
        }
        self.state.run_callbacks();
        Ok(api::PollStatus::QueueEmpty)
    }

    fn get_internal_counters(&self) -> api::InternalCounters {
        self.state.life.counters()
    }

    fn generate_allocator_report(&self) -> Option<api::AllocatorReport> {
        None
    }

    fn destroy(&self) {
        // Who asked for it learns of it as of any other callback: in the next poll.
        if let Some(callback) = self.state.life.end() {
            self.state.call_later(callback);
        }
    }
}
