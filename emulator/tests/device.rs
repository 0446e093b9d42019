//! The emulated wgpu device, used as any other.
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
use q4_kernel_emulator::wgpu::{Options, is_emulated, take_reports};
use wgpu::BufferUsages as Usage;

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
