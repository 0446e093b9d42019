//! The emulated wgpu device, used as any other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

use std::sync::{Arc, Mutex};

use q4_kernel_emulator::FaultKind;
use q4_kernel_emulator::wgpu::{Options, adapter, device, instance, is_emulated, take_errors, take_reports};
use wgpu::{BufferUsages as Usage, util::DeviceExt as _};

struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
}

impl Gpu {
    fn new(options: Options) -> Self {
        let (_, device, queue) = device(options);
        Self { device, queue }
    }

    fn buffer(&self, contents: &[u32], usage: Usage) -> wgpu::Buffer {
        let contents = bytemuck::cast_slice(contents);
        self.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: None,
            contents,
            usage,
        })
    }

    fn empty(&self, size: u64, usage: Usage) -> wgpu::Buffer {
        let label = Some("empty");
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label,
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    fn shader(&self, source: &str) -> wgpu::ShaderModule {
        let source = wgpu::ShaderSource::Wgsl(source.into());
        self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("shader"),
            source,
        })
    }

    fn pipeline(&self, source: &str) -> wgpu::ComputePipeline {
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

    fn group(&self, pipeline: &wgpu::ComputePipeline, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
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

    fn encode(&self, record: impl FnOnce(&mut wgpu::CommandEncoder)) {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        record(&mut encoder);
        self.queue.submit([encoder.finish()]);
    }

    fn dispatch(&self, pipeline: &wgpu::ComputePipeline, group: &wgpu::BindGroup, count: u32) {
        self.encode(|encoder| {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.dispatch_workgroups(count, 1, 1);
        });
    }

    /// Reads a buffer through a copy, as one has to.
    fn read(&self, buffer: &wgpu::Buffer) -> Vec<u32> {
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
    fn error<T>(&self, raise: impl FnOnce() -> T) -> String {
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        raise();
        pollster::block_on(scope.pop()).map_or_else(String::new, |error| error.to_string())
    }

    fn no_errors(&self) {
        assert_eq!(take_errors(&self.device), Vec::<String>::new());
    }
}

const DOUBLE: &str = "
    @group(0) @binding(0) var<storage, read> x: array<u32>;
    @group(0) @binding(1) var<storage, read_write> y: array<u32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) {
        if (id.x < arrayLength(&y)) { y[id.x] = 2u * x[id.x]; }
    }";

#[test]
fn a_dispatch_computes() {
    let gpu = Gpu::new(Options::default());
    assert!(is_emulated(&gpu.device));
    let x = gpu.buffer(&(0..100).collect::<Vec<_>>(), Usage::STORAGE);
    let y = gpu.empty(400, Usage::STORAGE | Usage::COPY_SRC);
    let pipeline = gpu.pipeline(DOUBLE);
    gpu.dispatch(&pipeline, &gpu.group(&pipeline, &[&x, &y]), 2);
    assert_eq!(gpu.read(&y), (0..100).map(|i| 2 * i).collect::<Vec<_>>());
    let reports = take_reports(&gpu.device);
    assert_eq!(
        (reports[0].pipeline.as_str(), reports[0].workgroups),
        ("pipeline", [2, 1, 1])
    );
    assert_eq!(reports[0].report.counters.bindings[1].unique_bytes_written, 400);
    assert!(take_reports(&gpu.device).is_empty());
    gpu.no_errors();
}

#[test]
fn writes_copies_clears_and_mapping() {
    let gpu = Gpu::new(Options::default());
    let all = Usage::COPY_DST | Usage::COPY_SRC;
    let (a, b) = (gpu.buffer(&[1, 2, 3, 4], all), gpu.empty(16, all));
    gpu.queue.write_buffer(&a, 4, &[9, 0, 0, 0]);
    gpu.queue
        .write_buffer_with(&a, 8, 8.try_into().unwrap())
        .unwrap()
        .copy_from_slice(&[5, 0, 0, 0, 6, 0, 0, 0]);
    gpu.encode(|encoder| {
        encoder.copy_buffer_to_buffer(&a, 4, &b, 0, 12);
        encoder.clear_buffer(&a, 8, Some(4));
    });
    assert_eq!(gpu.read(&a), [1, 9, 0, 6]);
    assert_eq!(gpu.read(&b), [9, 5, 6, 0]);
    let mapped = gpu.empty(16, Usage::MAP_WRITE | Usage::COPY_SRC);
    mapped.map_async(wgpu::MapMode::Write, 8.., |result| result.unwrap());
    gpu.device.poll(wgpu::PollType::Poll).unwrap();
    mapped
        .get_mapped_range_mut(8..12)
        .unwrap()
        .copy_from_slice(&[7, 0, 0, 0]);
    mapped.unmap();
    assert_eq!(gpu.read(&mapped), [0, 0, 7, 0]);
    gpu.no_errors();
}

#[test]
fn callbacks_run_in_poll_and_in_submit() {
    let gpu = Gpu::new(Options::default());
    let done = Arc::new(Mutex::new(0));
    let count = |done: &Arc<Mutex<i32>>| {
        let done = done.clone();
        move || *done.lock().unwrap() += 1
    };
    gpu.queue.on_submitted_work_done(count(&done));
    assert_eq!(*done.lock().unwrap(), 0);
    gpu.device.poll(wgpu::PollType::Poll).unwrap();
    assert_eq!(*done.lock().unwrap(), 1);
    gpu.queue.on_submitted_work_done(count(&done));
    let index = gpu.queue.submit([]);
    assert_eq!(*done.lock().unwrap(), 2);
    let wait = wgpu::PollType::Wait {
        submission_index: Some(index),
        timeout: None,
    };
    assert_eq!(gpu.device.poll(wait).unwrap(), wgpu::PollStatus::QueueEmpty);
}

#[test]
fn dynamic_offsets_immediates_and_pipeline_constants() {
    let gpu = Gpu::new(Options::default());
    let source = "
        override factor: u32 = 1u;
        struct Push { first: u32, second: u32 }
        var<immediate> push: Push;
        @group(0) @binding(0) var<uniform> x: vec4<u32>;
        @group(1) @binding(3) var<storage, read_write> y: array<u32>;
        @compute @workgroup_size(4)
        fn main(@builtin(local_invocation_index) i: u32) { y[i] = factor * x[i] + push.first + 10u * push.second; }";
    let entry = |binding, ty, has_dynamic_offset| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset,
            min_binding_size: 16.try_into().ok(),
        },
        count: None,
    };
    let storage = wgpu::BufferBindingType::Storage { read_only: false };
    let layouts = [
        entry(0, wgpu::BufferBindingType::Uniform, true),
        entry(3, storage, true),
    ]
    .map(|entry| {
        let descriptor = wgpu::BindGroupLayoutDescriptor {
            label: None,
            entries: &[entry],
        };
        gpu.device.create_bind_group_layout(&descriptor)
    });
    let layout = gpu
        .device
        .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layouts[0]), Some(&layouts[1])],
            immediate_size: 8,
        });
    let pipeline = gpu
        .device
        .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: Some(&layout),
            module: &gpu.shader(source),
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &[("factor", 3.0)],
                ..Default::default()
            },
            cache: None,
        });
    let x = gpu.buffer(&(0..64).collect::<Vec<_>>(), Usage::UNIFORM);
    let y = gpu.empty(512, Usage::STORAGE | Usage::COPY_SRC);
    let group = |layout, binding, buffer, size: u64| {
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout,
            entries: &[wgpu::BindGroupEntry {
                binding,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer,
                    offset: 0,
                    size: size.try_into().ok(),
                }),
            }],
        })
    };
    let groups = [group(&layouts[0], 0, &x, 16), group(&layouts[1], 3, &y, 16)];
    gpu.encode(|encoder| {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &groups[0], &[64]);
        pass.set_bind_group(1, &groups[1], &[256]);
        pass.set_immediates(0, bytemuck::cast_slice(&[1u32, 2]));
        pass.dispatch_workgroups(1, 1, 1);
        pass.set_immediates(4, bytemuck::cast_slice(&[5u32]));
        pass.set_bind_group(1, &groups[1], &[288]);
        pass.dispatch_workgroups(1, 1, 1);
    });
    let result = gpu.read(&y);
    assert_eq!(result[64..68], [69, 72, 75, 78]);
    assert_eq!(result[72..76], [99, 102, 105, 108]);
    gpu.no_errors();
}

#[test]
fn indirect_dispatches_and_timestamps() {
    let gpu = Gpu::new(Options::default());
    let (x, y) = (
        gpu.buffer(&[1; 64], Usage::STORAGE),
        gpu.empty(256, Usage::STORAGE | Usage::COPY_SRC),
    );
    let indirect = gpu.buffer(&[7, 1, 1, 1], Usage::INDIRECT);
    let pipeline = gpu.pipeline(DOUBLE);
    let group = gpu.group(&pipeline, &[&x, &y]);
    let queries = gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
        label: None,
        ty: wgpu::QueryType::Timestamp,
        count: 4,
    });
    let resolved = gpu.empty(32, Usage::QUERY_RESOLVE | Usage::COPY_SRC);
    gpu.encode(|encoder| {
        encoder.write_timestamp(&queries, 0);
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: None,
                timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                    query_set: &queries,
                    beginning_of_pass_write_index: Some(1),
                    end_of_pass_write_index: Some(3),
                }),
            });
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &group, &[]);
            pass.dispatch_workgroups_indirect(&indirect, 4);
            pass.write_timestamp(&queries, 2);
        }
        encoder.resolve_query_set(&queries, 0..4, &resolved, 0);
    });
    assert_eq!(gpu.read(&y), [2; 64]);
    let words = gpu.read(&resolved);
    let times = words
        .chunks(2)
        .map(|w| u64::from(w[0]) | u64::from(w[1]) << 32)
        .collect::<Vec<_>>();
    assert!(
        times.is_sorted() && times[1] < times[2] && times[0] > 0,
        "{times:?}"
    );
    assert_eq!(gpu.queue.get_timestamp_period(), 1.0);
    gpu.no_errors();
}

#[test]
fn faults_are_errors_and_reports() {
    let gpu = Gpu::new(Options::default());
    let source = "
        @group(0) @binding(0) var<storage, read_write> y: array<u32>;
        @compute @workgroup_size(8)
        fn main(@builtin(local_invocation_index) i: u32) { y[i] = i; }";
    let pipeline = gpu.pipeline(source);
    let y = gpu.empty(16, Usage::STORAGE | Usage::COPY_SRC);
    let group = gpu.group(&pipeline, &[&y]);
    let error = gpu.error(|| gpu.dispatch(&pipeline, &group, 1));
    assert!(
        error.contains("out_of_bounds at 4:60") && error.contains("dispatch of `pipeline`"),
        "{error}"
    );
    assert_eq!(gpu.read(&y), [0, 1, 2, 3]);
    let report = take_reports(&gpu.device).remove(0).report;
    assert_eq!(
        (report.faults[0].kind, report.faults[0].count),
        (FaultKind::OutOfBounds, 4)
    );
    // Without checks there is nothing to report.
    let fast = Gpu::new(Options::fast());
    let pipeline = fast.pipeline(source);
    let y = fast.empty(16, Usage::STORAGE | Usage::COPY_SRC);
    assert_eq!(
        fast.error(|| fast.dispatch(&pipeline, &fast.group(&pipeline, &[&y]), 1)),
        ""
    );
    assert_eq!(fast.read(&y), [0, 1, 2, 3]);
}

#[test]
fn errors_go_to_the_scope_or_the_handler_or_the_list() {
    let gpu = Gpu::new(Options::default());
    let bad = || gpu.empty(u64::MAX / 2, Usage::STORAGE);
    let outer = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
    let inner = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    bad();
    assert!(pollster::block_on(inner.pop()).is_none());
    assert!(
        pollster::block_on(outer.pop())
            .unwrap()
            .to_string()
            .contains("exceed max_buffer_size")
    );
    gpu.no_errors();
    bad();
    assert_eq!(take_errors(&gpu.device).len(), 1);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let to = seen.clone();
    gpu.device
        .on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            to.lock().unwrap().push(error.to_string())
        }));
    bad();
    assert_eq!(seen.lock().unwrap().len(), 1);
    gpu.no_errors();
}

#[test]
fn mistakes_are_validation_errors() {
    let gpu = Gpu::new(Options::default());
    let check = |expected: &str, raise: &dyn Fn()| {
        let error = gpu.error(raise);
        assert!(error.contains(expected), "`{error}` instead of `{expected}`");
    };
    let storage = gpu.empty(64, Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST);
    let plain = gpu.empty(64, Usage::COPY_DST);
    check("lacks the usage COPY_SRC", &|| {
        gpu.encode(|e| e.copy_buffer_to_buffer(&plain, 0, &storage, 0, 4))
    });
    check("not aligned to 4", &|| {
        gpu.encode(|e| e.copy_buffer_to_buffer(&storage, 2, &plain, 0, 4))
    });
    check("64 bytes from 4 on", &|| {
        gpu.encode(|e| e.copy_buffer_to_buffer(&storage, 4, &plain, 0, 64))
    });
    check("the same buffer", &|| {
        gpu.encode(|e| e.copy_buffer_to_buffer(&storage, 0, &storage, 32, 4))
    });
    check("write_buffer: 8 bytes to 60", &|| {
        gpu.queue.write_buffer(&storage, 60, &[0; 8])
    });
    check("expected expression", &|| {
        drop(gpu.shader("fn f() { let x = ; }"))
    });
    check("does not support textures", &|| {
        let _ = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d::default(),
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        });
    });
    check("a workgroup of 4096 invocations, at most 1024", &|| {
        drop(gpu.pipeline("@compute @workgroup_size(64, 64) fn main() {}"));
    });
    check("80000 bytes of workgroup memory, at most 65536", &|| {
        drop(gpu.pipeline(
            "var<workgroup> a: array<u32, 20000>; @compute @workgroup_size(1) fn main() { a[0] = 1u; }",
        ));
    });
    let pipeline = gpu.pipeline(DOUBLE);
    check("1 entries for a layout of 2", &|| {
        drop(gpu.group(&pipeline, &[&storage]))
    });
    check("lacks the usage", &|| {
        drop(gpu.group(&pipeline, &[&storage, &plain]))
    });
    check("dispatch without a pipeline", &|| {
        gpu.encode(|e| {
            e.begin_compute_pass(&Default::default())
                .dispatch_workgroups(1, 1, 1)
        });
    });
    check("bind group 0 is not set", &|| {
        gpu.encode(|e| {
            let mut pass = e.begin_compute_pass(&Default::default());
            pass.set_pipeline(&pipeline);
            pass.dispatch_workgroups(1, 1, 1);
        });
    });
    let group = gpu.group(&pipeline, &[&storage, &storage]);
    check("overlap in one buffer", &|| gpu.dispatch(&pipeline, &group, 1));
    check("65536, 1, 1] workgroups", &|| {
        gpu.dispatch(&pipeline, &group, 65536)
    });
    let mapped = gpu.empty(64, Usage::COPY_DST | Usage::MAP_READ);
    mapped.map_async(wgpu::MapMode::Read, .., |_| {});
    check("is mapped", &|| gpu.queue.write_buffer(&mapped, 0, &[0; 4]));
    check("lacks the usage MAP_WRITE", &|| mapped_error(&gpu, &plain));
    gpu.no_errors();
}

fn mapped_error(gpu: &Gpu, buffer: &wgpu::Buffer) {
    buffer.map_async(wgpu::MapMode::Write, .., |result| assert!(result.is_err()));
    gpu.device.poll(wgpu::PollType::Poll).unwrap();
}

#[test]
fn adapters_hand_out_devices_within_their_features_and_limits() {
    let adapter = adapter(Options::default());
    assert_eq!(adapter.get_info().name, "q4-kernel emulator");
    let request = |features, limits| {
        pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            required_features: features,
            required_limits: limits,
            ..Default::default()
        }))
    };
    let (device, _) = request(wgpu::Features::empty(), wgpu::Limits::default()).unwrap();
    assert_eq!(
        (device.features(), device.limits()),
        (wgpu::Features::empty(), wgpu::Limits::default())
    );
    // A device without the feature does not take the shader.
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let source =
        wgpu::ShaderSource::Wgsl("@compute @workgroup_size(1) fn main() { let x = subgroupAdd(1u); }".into());
    let _ = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
    let error = pollster::block_on(scope.pop()).unwrap().to_string();
    assert!(error.contains("SUBGROUP"), "{error}");
    let error = request(wgpu::Features::SHADER_F64, wgpu::Limits::default()).unwrap_err();
    assert!(
        error.to_string().contains("does not have the features"),
        "{error}"
    );
    let large = wgpu::Limits {
        max_compute_invocations_per_workgroup: 4096,
        ..wgpu::Limits::default()
    };
    let error = request(wgpu::Features::empty(), large).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("max_compute_invocations_per_workgroup"),
        "{error}"
    );
    let error = request(
        wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX,
        wgpu::Limits::default(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("experimental"), "{error}");
    let instance = instance(Options::fast());
    let found =
        pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).unwrap();
    assert_eq!(found.get_info().device_type, wgpu::DeviceType::Cpu);
}
