//! The emulator and a driver return the same: the bits of exact work, and within rounding of the rest.

use q4_kernel::{
    Gpu, GpuOptions, LayerShape, Linear, Variant, catalogue,
    conformance::sampled,
    reference,
    reference::samples::{Data, Sample, sample, sample_of},
    wgpu,
};
use q4_kernel_tests::{gpu, open};

fn emulator() -> Gpu {
    let options = GpuOptions {
        adapter: Some("emulator".to_owned()),
        checked: true,
        ..GpuOptions::default()
    };
    open(&options)
}

/// What a variant computes on a device, as bits; the device must have nothing to complain of.
fn outputs(gpu: &Gpu, variant: &Variant, sample: &Sample, rows: u32) -> Vec<f32> {
    let kernel = Linear::only(gpu, variant).unwrap();
    let weights = kernel.upload(&sample.layer).unwrap();
    let (x, y) = (
        gpu.input(&sample.x).unwrap(),
        gpu.output((rows * weights.n()) as usize).unwrap(),
    );
    let mut encoder = gpu
        .device()
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    kernel.dispatch(&mut pass, &weights, &x, &y, rows).unwrap();
    drop(pass);
    gpu.queue().submit([encoder.finish()]);
    let outputs = gpu.read(&y).unwrap();
    assert_eq!(gpu.failure(), None, "{}", variant.name);
    outputs[..(rows * weights.n()) as usize].to_vec()
}

#[test]
fn every_variant_returns_the_same_on_the_emulator_as_on_a_driver() {
    let driver = gpu();
    let emulator = emulator();
    for variant in catalogue() {
        if driver.capabilities().check(variant).is_err() {
            continue;
        }
        let constraints = variant.configuration.constraints();
        let rows = constraints.rows.most().min(5);
        let (step, ragged) = (constraints.k_multiple, constraints.k_multiple == 1);
        let group_size = constraints
            .group_size
            .unwrap_or(if ragged { 20 } else { 3 * step });
        let k = if ragged {
            75
        } else {
            (group_size + 3 * step).next_multiple_of(step)
        };
        let shape = LayerShape { n: 21, k, group_size };
        for data in [Data::Exact, Data::Random { seed: 5 }] {
            let format = sampled(variant.configuration.weight_format());
            let sample = sample_of(format, rows, shape, true, data).unwrap();
            let [expected, got] = [&driver, &emulator].map(|gpu| outputs(gpu, variant, &sample, rows));
            let name = &variant.name;
            match data {
                Data::Exact => {
                    let bits =
                        |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&expected), bits(&got), "{name}");
                }
                Data::Random { .. } => {
                    let expected: Vec<f64> = expected.iter().map(|value| f64::from(*value)).collect();
                    // Two sums of 100 products, added in other orders.
                    let tolerance = q4_kernel::Tolerance {
                        absolute: 1e-6,
                        relative: 1e-5,
                        of_products: 0.0,
                    };
                    let comparison = reference::compare(&expected, &got, shape.n as usize, tolerance);
                    assert!(comparison.agrees(), "{name}: {comparison:?}");
                }
            }
        }
    }
}

#[test]
fn a_fault_on_the_emulator_is_an_error_of_the_device() {
    let emulator = emulator();
    let good = q4_kernel::variant("gemm_32x32x8_t4x4_g32").unwrap();
    let text = good.wgsl.replace("min(m + 3u, params.M - 1u)", "(m + 3u)");
    assert_ne!(text, good.wgsl);
    let bad = Variant {
        wgsl: text.into(),
        ..good.clone()
    };
    let kernel = Linear::only(&emulator, &bad).unwrap();
    let Sample { x, layer } = sample(
        1,
        LayerShape {
            n: 4,
            k: 32,
            group_size: 32,
        },
        false,
        Data::Exact,
    )
    .unwrap();
    let weights = kernel.upload(&layer).unwrap();
    let (x, y) = (emulator.input(&x).unwrap(), emulator.output(4).unwrap());
    let mut encoder = emulator
        .device()
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    kernel.dispatch(&mut pass, &weights, &x, &y, 1).unwrap();
    drop(pass);
    emulator.queue().submit([encoder.finish()]);
    let failure = emulator.failure().expect("an input beyond the buffer was read");
    assert!(failure.contains("out_of_bounds"), "{failure}");
    assert!(emulator.read(&y).is_err());
}
