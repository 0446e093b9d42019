//! The one place with `unsafe`, each use with the argument for it.
#![allow(unsafe_code)]

use crate::{gpu::VerifiedCacheData, verified::Verified};

/// Creates the module of a verified variant without the checks that wgpu inserts into every other: bounds, loop bounds, division.
pub(crate) fn create_unchecked_module(device: &wgpu::Device, verified: Verified<'_>) -> wgpu::ShaderModule {
    let variant = verified.variant();
    let descriptor = wgpu::ShaderModuleDescriptor {
        label: Some(&variant.name),
        source: wgpu::ShaderSource::Wgsl(variant.wgsl.as_ref().into()),
    };
    // SAFETY: wgpu requires that the text has no out-of-bounds access, no endless loop and no undefined integer division, for any input that it
    // is run with. `Verified` exists only for a text whose digest is on the list of texts that `cargo q4 verify` emulated without a
    // fault, over every edge of the shapes that its constraints allow, with buffers exactly as large as those shapes ask for, windows and grids
    // of every kind that `partition` makes, and subgroups of 4 to 128 lanes; CI does so again for every change. Only a `Call` dispatches it, and a
    // `Call` exists only for a layer and a number of rows that the variant's constraints accepted, with `Params` that this crate wrote and buffers
    // whose sizes it checked against them; the buffers of weights are its own. No index depends on anything else: weights, scales and inputs are
    // only ever multiplied, and a nibble that selects a level of a codebook is masked to the sixteen there are. ARCHITECTURE.md, "Unchecked execution", says why the edges stand for all shapes.
    unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) }
}

/// The token for experimental features, if one of `features` is experimental.
pub(crate) fn experimental_features(features: wgpu::Features) -> wgpu::ExperimentalFeatures {
    if !features.intersects(wgpu::Features::all_experimental_mask()) {
        return wgpu::ExperimentalFeatures::disabled();
    }
    // SAFETY: wgpu asks for the acknowledgement that experimental features may have bugs that are undefined behaviour. The one asked for here is
    // cooperative matrices, used by texts of this project alone, which naga validated and whose loads and stores were emulated over the edges of
    // every shape; a user who wants none of it leaves the feature off by `GpuOptions::without`.
    unsafe { wgpu::ExperimentalFeatures::enabled() }
}

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
