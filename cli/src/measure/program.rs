//! A compute shader of this crate over buffers of its own.

use q4_kernel::{Gpu, wgpu};

/// The shader with everything bound.
#[derive(Debug)]
pub(super) struct Program {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
}

impl Program {
    /// `buffers` are bound by their places, all in group 0. What the device complains of, it says to [`check`](crate::adapter::Device::check).
    pub(super) fn new(
        gpu: &Gpu,
        text: wgpu::ShaderModuleDescriptor<'_>,
        constants: &[(&str, f64)],
        buffers: &[&wgpu::Buffer],
    ) -> Self {
        let device = gpu.device();
        let module = device.create_shader_module(text);
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("q4 measure"),
            layout: None,
            module: &module,
            entry_point: None,
            compilation_options: wgpu::PipelineCompilationOptions {
                constants,
                ..wgpu::PipelineCompilationOptions::default()
            },
            cache: None,
        });
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("q4 measure"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Self { pipeline, bind_group }
    }

    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>, workgroups: u32) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bind_group, &[]);
        pass.dispatch_workgroups(workgroups, 1, 1);
    }
}
