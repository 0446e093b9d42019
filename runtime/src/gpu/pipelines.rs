//! Pipelines, created once per text and shared.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
};

use q4_kernel_types::sha256;

use super::{Gpu, PipelineCacheDir, dump, lock, pipeline_cache};
use crate::{
    Encoding, KernelError, Params, Variant,
    layout::{Access, Binding},
    linear::input_pass::InputPass,
    trusted,
    verified::Verified,
};

/// The pipelines of a device, by the digest of their text.
#[derive(Debug)]
pub(crate) struct Pipelines {
    layouts: [Layout; Encoding::ALL.len()],
    /// Of the kernels that come before multiplications.
    input_passes: [(Layout, OnceLock<Arc<wgpu::ComputePipeline>>); InputPass::ALL.len()],
    by_digest: Mutex<HashMap<String, Arc<wgpu::ComputePipeline>>>,
    /// Whether verified texts run with checks all the same.
    keep_checked: bool,
    disk: Option<(wgpu::PipelineCache, PathBuf)>,
}

/// What kernels for weights of an encoding bind.
#[derive(Debug)]
struct Layout {
    bind_group: wgpu::BindGroupLayout,
    pipeline: wgpu::PipelineLayout,
}

impl Pipelines {
    pub(super) fn new(device: &wgpu::Device, dir: &PipelineCacheDir, keep_checked: bool) -> Self {
        // A device whose limits refuse the layout runs no variant, and `Capabilities::check` says so of each; the error need not reach
        // the device's error handler.
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let layouts = Encoding::ALL.map(|encoding| Layout::new(device, Binding::of(encoding)));
        let input_passes = InputPass::ALL.map(|pass| {
            let bindings = pass.bindings().iter().copied();
            (Layout::new(device, bindings), OnceLock::new())
        });
        drop(scope);
        let disk = device
            .features()
            .contains(wgpu::Features::PIPELINE_CACHE)
            .then(|| dir.file(&device.adapter_info()))
            .flatten()
            .map(|path| {
                (
                    trusted::create_pipeline_cache(device, pipeline_cache::read(&path).as_ref()),
                    path,
                )
            });
        Self {
            layouts,
            input_passes,
            by_digest: Mutex::default(),
            keep_checked,
            disk,
        }
    }

    pub(crate) fn bind_group_layout(&self, encoding: Encoding) -> &wgpu::BindGroupLayout {
        &self.layout(encoding).bind_group
    }

    pub(crate) fn input_pass_layout(&self, pass: InputPass) -> &wgpu::BindGroupLayout {
        // In the order of `InputPass::ALL`, which is that of the declaration.
        &self.input_passes[pass as usize].0.bind_group
    }

    /// The pipeline of a pass over inputs, compiled if it is not there yet.
    pub(crate) fn input_pass(
        &self,
        gpu: &Gpu,
        pass: InputPass,
    ) -> Result<Arc<wgpu::ComputePipeline>, KernelError> {
        let (layout, made) = &self.input_passes[pass as usize];
        if let Some(pipeline) = made.get() {
            return Ok(Arc::clone(pipeline));
        }
        let name = pass.name();
        let (pipeline, error) = gpu.checked(|device| {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(name),
                source: wgpu::ShaderSource::Wgsl(pass.text().into()),
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(name),
                layout: Some(&layout.pipeline),
                module: &module,
                entry_point: Some(Variant::ENTRY_POINT),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: self.disk.as_ref().map(|(cache, _)| cache),
            })
        });
        match error {
            Some(error) => Err(KernelError::Pipeline {
                variant: name.to_owned(),
                reason: error.to_string(),
            }),
            None => Ok(Arc::clone(made.get_or_init(|| Arc::new(pipeline)))),
        }
    }

    fn layout(&self, encoding: Encoding) -> &Layout {
        // In the order of `Encoding::ALL`, which is that of the declaration.
        &self.layouts[encoding as usize]
    }

    /// The variant, if it runs without checks.
    pub(super) fn unchecked<'a>(&self, variant: &'a Variant) -> Option<Verified<'a>> {
        (!self.keep_checked).then(|| Verified::of(variant)).flatten()
    }

    /// The pipeline of a variant that the device can run, compiled if it is not there yet.
    pub(crate) fn get(
        &self,
        gpu: &Gpu,
        variant: &Variant,
    ) -> Result<Arc<wgpu::ComputePipeline>, KernelError> {
        let digest = sha256([&*variant.wgsl]);
        if let Some(pipeline) = lock(&self.by_digest).get(&digest) {
            return Ok(Arc::clone(pipeline));
        }
        // Compiled outside of the lock: a driver takes up to half a second for one, and threads can compile several at once.
        let pipeline = Arc::new(self.compile(gpu, variant)?);
        // Where another thread was faster with the same text, all go on with its pipeline.
        Ok(Arc::clone(
            lock(&self.by_digest).entry(digest).or_insert(pipeline),
        ))
    }

    fn compile(&self, gpu: &Gpu, variant: &Variant) -> Result<wgpu::ComputePipeline, KernelError> {
        let unchecked = self.unchecked(variant);
        dump::pipeline(variant, &gpu.device().adapter_info(), unchecked.is_none());
        let (pipeline, error) = gpu.checked(|device| {
            let module = match unchecked {
                Some(verified) => trusted::create_unchecked_module(device, verified),
                None => device.create_shader_module(wgpu::ShaderModuleDescriptor {
                    label: Some(&variant.name),
                    source: wgpu::ShaderSource::Wgsl(variant.wgsl.as_ref().into()),
                }),
            };
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(&variant.name),
                layout: Some(&self.layout(variant.configuration.encoding).pipeline),
                module: &module,
                entry_point: Some(Variant::ENTRY_POINT),
                compilation_options: wgpu::PipelineCompilationOptions {
                    // What was verified reads no workgroup memory that it did not write.
                    zero_initialize_workgroup_memory: unchecked.is_none(),
                    ..wgpu::PipelineCompilationOptions::default()
                },
                cache: self.disk.as_ref().map(|(cache, _)| cache),
            })
        });
        if let Some(error) = error {
            return Err(KernelError::Pipeline {
                variant: variant.name.clone().into_owned(),
                reason: error.to_string(),
            });
        }
        tracing::debug!(variant = %variant.name, unchecked = unchecked.is_some(), "created a pipeline");
        Ok(pipeline)
    }

    pub(super) fn save(&self) -> io::Result<()> {
        let Some((cache, path)) = &self.disk else {
            return Ok(());
        };
        if lock(&self.by_digest).is_empty() {
            return Ok(());
        }
        cache
            .get_data()
            .map_or(Ok(()), |data| pipeline_cache::write(path, &data))
    }
}

impl Drop for Pipelines {
    fn drop(&mut self) {
        if let Err(error) = self.save() {
            tracing::warn!(%error, "the pipeline cache cannot be written");
        }
    }
}

impl Layout {
    fn new(device: &wgpu::Device, bindings: impl IntoIterator<Item = Binding>) -> Self {
        let entries: Vec<_> = bindings.into_iter().map(entry).collect();
        let bind_group = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("q4"),
            entries: &entries,
        });
        let pipeline = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("q4"),
            bind_group_layouts: &[Some(&bind_group)],
            immediate_size: 0,
        });
        Self { bind_group, pipeline }
    }
}

fn entry(binding: Binding) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding: binding.index(),
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: match binding.access() {
                Access::Write => wgpu::BufferBindingType::Storage { read_only: false },
                Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                Access::Uniform => wgpu::BufferBindingType::Uniform,
            },
            has_dynamic_offset: false,
            min_binding_size: match binding {
                Binding::Params => wgpu::BufferSize::new(size_of::<Params>() as u64),
                _ => None,
            },
        },
        count: None,
    }
}
