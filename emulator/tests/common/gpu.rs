//! The emulated device as tests use it.
#![allow(dead_code, reason = "every test program uses a part of it")]

use std::sync::{Arc, Mutex};

use q4_kernel_emulator::wgpu::{Options, device, take_errors};
use wgpu::{BufferUsages as Usage, util::DeviceExt as _};

/// An emulated device with what tests need of it.
pub(crate) struct Gpu {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
}

impl Gpu {
    pub(crate) fn new(options: Options) -> Self {
        let (_, device, queue) = device(options);
        Self { device, queue }
    }

    pub(crate) fn buffer(&self, contents: &[u32], usage: Usage) -> wgpu::Buffer {
        let contents = bytemuck::cast_slice(contents);
        self.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: None,
            contents,
            usage,
        })
    }

    pub(crate) fn empty(&self, size: u64, usage: Usage) -> wgpu::Buffer {
        let label = Some("empty");
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label,
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    pub(crate) fn shader(&self, source: &str) -> wgpu::ShaderModule {
        let source = wgpu::ShaderSource::Wgsl(source.into());
        self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("shader"),
            source,
        })
    }

    pub(crate) fn pipeline(&self, source: &str) -> wgpu::ComputePipeline {
        self.device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("pipeline"),
                layout: None,
                module: &self.shader(source),
                entry_point: None,
                compilation_options: Default::default(),
                cache: None,
            })
    }

    pub(crate) fn group(
        &self,
        pipeline: &wgpu::ComputePipeline,
        buffers: &[&wgpu::Buffer],
    ) -> wgpu::BindGroup {
        let bound = buffers.iter().map(|buffer| buffer.as_entire_binding());
        let entries = (0..)
            .zip(bound)
            .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource });
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("group"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries.collect::<Vec<_>>(),
        })
    }

    pub(crate) fn encode(&self, record: impl FnOnce(&mut wgpu::CommandEncoder)) {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        record(&mut encoder);
        self.queue.submit([encoder.finish()]);
    }

    pub(crate) fn dispatch(&self, pipeline: &wgpu::ComputePipeline, group: &wgpu::BindGroup, count: u32) {
        self.encode(|encoder| {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.dispatch_workgroups(count, 1, 1);
        });
    }

    /// Reads a buffer through a copy, as one has to.
    pub(crate) fn read(&self, buffer: &wgpu::Buffer) -> Vec<u32> {
        let staging = self.empty(buffer.size(), Usage::COPY_DST | Usage::MAP_READ);
        self.encode(|encoder| encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, buffer.size()));
        let result = Arc::new(Mutex::new(None));
        let to = result.clone();
        staging.map_async(wgpu::MapMode::Read, .., move |mapped| {
            *to.lock().unwrap() = Some(mapped)
        });
        self.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        result
            .lock()
            .unwrap()
            .take()
            .expect("the callback has run")
            .unwrap();
        let values = bytemuck::cast_slice(&staging.get_mapped_range(..).unwrap()).to_vec();
        staging.unmap();
        values
    }

    /// The validation error that something raises.
    pub(crate) fn error<T>(&self, raise: impl FnOnce() -> T) -> String {
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        raise();
        pollster::block_on(scope.pop()).map_or_else(String::new, |error| error.to_string())
    }

    pub(crate) fn no_errors(&self) {
        assert_eq!(take_errors(&self.device), Vec::<String>::new());
    }
}

/// `y = 2 x`
pub(crate) const DOUBLE: &str = "
    @group(0) @binding(0) var<storage, read> x: array<u32>;
    @group(0) @binding(1) var<storage, read_write> y: array<u32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) {
        if (id.x < arrayLength(&y)) { y[id.x] = 2u * x[id.x]; }
    }";
