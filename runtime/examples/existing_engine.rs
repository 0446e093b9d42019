//! An engine that has a wgpu device, buffers and compute passes already: the layer is recorded between its own kernels, and nothing is submitted
//! behind its back.
//!
//! ```console
//! $ cargo run -p q4-kernel --example existing_engine
//! ```
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::error::Error;

use q4_kernel::{
    Gpu, LayerShape, Linear,
    reference::{self, samples},
    standard, wgpu,
};

/// The engine's own kernel.
const RELU: &str = "
    @group(0) @binding(0) var<storage, read_write> values: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
        if (id.x < arrayLength(&values)) { values[id.x] = max(values[id.x], 0.0); }
    }";

const SHAPE: LayerShape = LayerShape {
    n: 320,
    k: 512,
    group_size: 64,
};

fn main() -> Result<(), Box<dyn Error>> {
    // What the engine has. Kernels with subgroup additions run where its device has the feature.
    let instance = wgpu::Instance::default();
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))?;
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
        required_features: adapter.features() & wgpu::Features::SUBGROUP,
        ..Default::default()
    }))?;
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(RELU.into()),
    });
    let relu = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: Default::default(),
        cache: None,
    });

    // What it adds.
    let gpu = Gpu::from_adapter(&adapter, device.clone(), queue.clone());
    let linear = Linear::new(&gpu, &standard())?;
    let sample = samples::sample(1, SHAPE, true, samples::Data::Exact).ok_or("there is no such shape")?;
    let weights = linear.upload(&sample.layer)?;
    let (x, y) = (gpu.input(&sample.x)?, gpu.output(SHAPE.n as usize)?);

    let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &relu.get_bind_group_layout(0),
        entries: &[wgpu::BindGroupEntry {
            binding: 0,
            resource: y.as_entire_binding(),
        }],
    });
    let mut encoder = device.create_command_encoder(&Default::default());
    let mut pass = encoder.begin_compute_pass(&Default::default());
    linear.dispatch(&mut pass, &weights, &x, &y, 1)?;
    pass.set_pipeline(&relu);
    pass.set_bind_group(0, &bind_group, &[]);
    pass.dispatch_workgroups(SHAPE.n.div_ceil(64), 1, 1);
    drop(pass);
    queue.submit([encoder.finish()]);

    let expected: Vec<f64> = reference::linear(&sample.x, &sample.layer)
        .into_iter()
        .map(|value| value.max(0.0))
        .collect();
    let got: Vec<f64> = gpu.read(&y)?.into_iter().map(f64::from).collect();
    // The data is such that no sum is rounded.
    if got != expected {
        return Err("the outputs are not those of float64".into());
    }
    println!(
        "{} outputs of the layer and the engine's kernel behind it, in one pass",
        got.len()
    );
    Ok(())
}
