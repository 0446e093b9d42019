//! What goes wrong on the emulated device is an error of the device.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

#[path = "common/gpu.rs"]
mod gpu;

use std::sync::{Arc, Mutex};

use gpu::{DOUBLE, Gpu};
use q4_kernel_emulator::FaultKind;
use q4_kernel_emulator::wgpu::{Options, adapter, instance, take_errors, take_reports};
use wgpu::BufferUsages as Usage;

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
