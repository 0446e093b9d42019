//! The one place with `unsafe`, each use with the argument for it.
#![allow(unsafe_code)]

use crate::gpu::VerifiedCacheData;

/// Creates a pipeline cache from data that was written by an earlier run.
///
/// The device must have the feature `PIPELINE_CACHE`.
pub(crate) fn create_pipeline_cache(
    device: &wgpu::Device,
    data: Option<&VerifiedCacheData>,
) -> wgpu::PipelineCache {
    let descriptor = wgpu::PipelineCacheDescriptor {
        label: Some("q4-kernel"),
        data: data.map(VerifiedCacheData::bytes),
        fallback: true,
    };
    // SAFETY: wgpu requires that the data was returned by `PipelineCache::get_data`. `VerifiedCacheData` exists only for the contents of
    // a file whose SHA-256, stored in the file, matches them, and such files are written by `pipeline_cache::write` alone, from
    // `get_data`, under a name that contains the adapter's key and the driver, and moved into place whole. A file that is truncated,
    // mixed up or damaged is refused there; one that somebody forges on purpose, inside the user's own cache folder, is beyond what
    // any check can find, as it is for every cache of the driver's own. wgpu checks its own header and the adapter again, and with
    // `fallback` starts from nothing where they do not fit.
    unsafe { device.create_pipeline_cache(&descriptor) }
}
