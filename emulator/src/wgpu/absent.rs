//! Resources that the emulated device does not have. They exist because wgpu's interface has no way to refuse them;
//! whoever creates one gets a validation error, and nothing can be done with it.

use std::ops::Range;

use ::wgpu as api;
use ::wgpu::custom::{
    BlasCompactCallback, BlasInterface, DispatchAdapter, DispatchBindGroup, DispatchBindGroupLayout,
    DispatchBuffer, DispatchDevice, DispatchQuerySet, DispatchRenderBundle, DispatchRenderPipeline,
    DispatchSurfaceOutputDetail, DispatchTexture, DispatchTextureView, ExternalTextureInterface,
    PipelineCacheInterface, RenderBundleEncoderInterface, RenderBundleInterface, RenderPassInterface,
    RenderPipelineInterface, SamplerInterface, SurfaceInterface, SurfaceOutputDetailInterface,
    TextureInterface, TextureViewInterface, TlasInterface,
};

use super::binding::BindGroupLayout;

#[derive(Debug)]
pub(super) struct Texture;

impl TextureInterface for Texture {
    fn create_view(&self, _: &api::TextureViewDescriptor<'_>) -> DispatchTextureView {
        DispatchTextureView::custom(TextureView)
    }

    fn destroy(&self) {}
}

impl ExternalTextureInterface for Texture {
    fn destroy(&self) {}
}

#[derive(Debug)]
pub(super) struct TextureView;

impl TextureViewInterface for TextureView {}

#[derive(Debug)]
pub(super) struct Sampler;

impl SamplerInterface for Sampler {}

#[derive(Debug)]
pub(super) struct PipelineCache;

impl PipelineCacheInterface for PipelineCache {
    fn get_data(&self) -> Option<Vec<u8>> {
        None
    }
}

#[derive(Debug)]
pub(super) struct AccelerationStructure;

impl BlasInterface for AccelerationStructure {
    fn prepare_compact_async(&self, callback: BlasCompactCallback) {
        callback(Err(api::BlasAsyncError));
    }

    fn ready_for_compaction(&self) -> bool {
        false
    }
}

impl TlasInterface for AccelerationStructure {}

#[derive(Debug)]
pub(super) struct RenderPipeline;

impl RenderPipelineInterface for RenderPipeline {
    fn get_bind_group_layout(&self, _: u32) -> DispatchBindGroupLayout {
        DispatchBindGroupLayout::custom(BindGroupLayout { entries: None })
    }
}

#[derive(Debug)]
pub(super) struct Surface;

impl SurfaceInterface for Surface {
    fn get_capabilities(&self, _: &DispatchAdapter) -> api::SurfaceCapabilities {
        api::SurfaceCapabilities::default()
    }

    fn configure(&self, _: &DispatchDevice, _: &api::SurfaceConfiguration) {}

    fn get_current_texture(
        &self,
    ) -> (
        Option<DispatchTexture>,
        api::SurfaceStatus,
        DispatchSurfaceOutputDetail,
    ) {
        (
            None,
            api::SurfaceStatus::Lost,
            DispatchSurfaceOutputDetail::custom(SurfaceOutput),
        )
    }
}

#[derive(Debug)]
pub(super) struct SurfaceOutput;

impl SurfaceOutputDetailInterface for SurfaceOutput {
    fn texture_discard(&self) {}

    fn texture_release(&self) {}
}

#[derive(Debug)]
pub(super) struct RenderBundle;

impl RenderBundleInterface for RenderBundle {}

#[derive(Debug)]
pub(super) struct RenderBundleEncoder;

impl RenderBundleEncoderInterface for RenderBundleEncoder {
    fn set_pipeline(&mut self, _: &DispatchRenderPipeline) {}

    fn set_bind_group(&mut self, _: u32, _: Option<&DispatchBindGroup>, _: &[api::DynamicOffset]) {}

    fn set_index_buffer(
        &mut self,
        _: &DispatchBuffer,
        _: api::IndexFormat,
        _: api::BufferAddress,
        _: Option<api::BufferSize>,
    ) {
    }

    fn set_vertex_buffer(
        &mut self,
        _: u32,
        _: Option<&DispatchBuffer>,
        _: api::BufferAddress,
        _: Option<api::BufferSize>,
    ) {
    }

    fn set_immediates(&mut self, _: u32, _: &[u8]) {}

    fn draw(&mut self, _: Range<u32>, _: Range<u32>) {}

    fn draw_indexed(&mut self, _: Range<u32>, _: i32, _: Range<u32>) {}

    fn draw_indirect(&mut self, _: &DispatchBuffer, _: api::BufferAddress) {}

    fn draw_indexed_indirect(&mut self, _: &DispatchBuffer, _: api::BufferAddress) {}

    fn finish(self, _: &api::RenderBundleDescriptor<'_>) -> DispatchRenderBundle {
        DispatchRenderBundle::custom(RenderBundle)
    }

    fn finish_boxed(self: Box<Self>, _: &api::RenderBundleDescriptor<'_>) -> DispatchRenderBundle {
        DispatchRenderBundle::custom(RenderBundle)
    }
}

#[derive(Debug)]
pub(super) struct RenderPass;

impl Drop for RenderPass {
    fn drop(&mut self) {
        // wgpu wants passes to do something at their end; this one has nothing to do.
    }
}

impl RenderPassInterface for RenderPass {
    fn set_pipeline(&mut self, _: &DispatchRenderPipeline) {}

    fn set_bind_group(&mut self, _: u32, _: Option<&DispatchBindGroup>, _: &[api::DynamicOffset]) {}

    fn set_index_buffer(
        &mut self,
        _: &DispatchBuffer,
        _: api::IndexFormat,
        _: api::BufferAddress,
        _: Option<api::BufferSize>,
    ) {
    }

    fn set_vertex_buffer(
        &mut self,
        _: u32,
        _: Option<&DispatchBuffer>,
        _: api::BufferAddress,
        _: Option<api::BufferSize>,
    ) {
    }

    fn set_immediates(&mut self, _: u32, _: &[u8]) {}

    fn set_blend_constant(&mut self, _: api::Color) {}

    fn set_scissor_rect(&mut self, _: u32, _: u32, _: u32, _: u32) {}

    fn set_viewport(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {}

    fn set_stencil_reference(&mut self, _: u32) {}

    fn draw(&mut self, _: Range<u32>, _: Range<u32>) {}

    fn draw_indexed(&mut self, _: Range<u32>, _: i32, _: Range<u32>) {}

    fn draw_mesh_tasks(&mut self, _: u32, _: u32, _: u32) {}

    fn draw_indirect(&mut self, _: &DispatchBuffer, _: api::BufferAddress) {}

    fn draw_indexed_indirect(&mut self, _: &DispatchBuffer, _: api::BufferAddress) {}

    fn draw_mesh_tasks_indirect(&mut self, _: &DispatchBuffer, _: api::BufferAddress) {}

    fn multi_draw_indirect(&mut self, _: &DispatchBuffer, _: api::BufferAddress, _: u32) {}

    fn multi_draw_indexed_indirect(&mut self, _: &DispatchBuffer, _: api::BufferAddress, _: u32) {}

    fn multi_draw_indirect_count(
        &mut self,
        _: &DispatchBuffer,
        _: api::BufferAddress,
        _: &DispatchBuffer,
        _: api::BufferAddress,
        _: u32,
    ) {
    }

    fn multi_draw_mesh_tasks_indirect(&mut self, _: &DispatchBuffer, _: api::BufferAddress, _: u32) {}

    fn multi_draw_indexed_indirect_count(
        &mut self,
        _: &DispatchBuffer,
        _: api::BufferAddress,
        _: &DispatchBuffer,
        _: api::BufferAddress,
        _: u32,
    ) {
    }

    fn multi_draw_mesh_tasks_indirect_count(
        &mut self,
        _: &DispatchBuffer,
        _: api::BufferAddress,
        _: &DispatchBuffer,
        _: api::BufferAddress,
        _: u32,
    ) {
    }

    fn insert_debug_marker(&mut self, _: &str) {}

    fn push_debug_group(&mut self, _: &str) {}

    fn pop_debug_group(&mut self) {}

    fn write_timestamp(&mut self, _: &DispatchQuerySet, _: u32) {}

    fn begin_occlusion_query(&mut self, _: u32) {}

    fn end_occlusion_query(&mut self) {}

    fn begin_pipeline_statistics_query(&mut self, _: &DispatchQuerySet, _: u32) {}

    fn end_pipeline_statistics_query(&mut self) {}

    fn execute_bundles(&mut self, _: &mut dyn Iterator<Item = &DispatchRenderBundle>) {}
}
