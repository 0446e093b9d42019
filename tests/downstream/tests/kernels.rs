//! The kernels of this crate run and agree with the reference.

use q4_kernel::{
    GeneratedKernel, Gpu, LayerShape, Linear, Route, RowCount, Rows,
    reference::{self, samples},
    wgpu,
};
use q4_kernel_downstream::{
    AnyLayer, Up,
    at_build_time::{DownFromFile, UpAtBuildTime},
    local_kernel_name, module,
};
use q4_kernel_tests::gpu;

/// Runs `dispatch` with random data and compares every output.
fn agrees(
    gpu: &Gpu,
    kernel: &Linear,
    shape: LayerShape,
    bias: bool,
    rows: impl RowCount,
    dispatch: impl FnOnce(&mut wgpu::ComputePass<'_>, &q4_kernel::Weights, &wgpu::Buffer, &wgpu::Buffer),
) {
    let sample = samples::sample(rows.get(), shape, bias, samples::Data::Random { seed: 11 }).unwrap();
    let weights = kernel.upload(&sample.layer).unwrap();
    let (x, y) = (
        gpu.input(&sample.x).unwrap(),
        gpu.output((rows.get() * shape.n) as usize).unwrap(),
    );
    let mut encoder = gpu
        .device()
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    dispatch(&mut pass, &weights, &x, &y);
    drop(pass);
    gpu.queue().submit([encoder.finish()]);
    let tolerance = q4_kernel::NumericClass::Exact.tolerance(shape.k);
    let expected = reference::linear(&sample.x, &sample.layer);
    let comparison = reference::compare(&expected, &gpu.read(&y).unwrap(), shape.n as usize, tolerance);
    assert!(comparison.agrees(), "{comparison:?}");
}

#[test]
fn a_kernel_of_the_macro_decodes_and_prefills() {
    let gpu = gpu();
    let up = Up::new(&gpu).unwrap();
    let shape = LayerShape {
        n: Up::N,
        k: Up::K,
        group_size: Up::GROUP_SIZE,
    };
    agrees(
        &gpu,
        up.linear(),
        shape,
        true,
        Rows::One,
        |pass, weights, x, y| {
            up.dispatch(pass, weights, x, y, Rows::One).unwrap();
        },
    );
    agrees(&gpu, up.linear(), shape, false, 9, |pass, weights, x, y| {
        up.dispatch(pass, weights, x, y, 9).unwrap()
    });
    assert!(up.route(1).variant().starts_with("coop4_w64_c8_g32"));
    assert!(up.route(2).variant().starts_with("stream_r2_"));
    assert!(up.route(17).variant().starts_with("gemm_"));
}

#[test]
fn a_kernel_of_run_time_shape_takes_every_layer() {
    let gpu = gpu();
    let any = AnyLayer::new(&gpu).unwrap();
    for (n, k, group_size) in [(33, 512, 64), (7, 77, 5), (12, 96, 24)] {
        for rows in [1, 3] {
            agrees(
                &gpu,
                any.linear(),
                LayerShape { n, k, group_size },
                true,
                rows,
                |pass, weights, x, y| {
                    let routing = any.route(rows, weights);
                    let decode = rows == 1 && k % 8 == 0 && group_size % 8 == 0;
                    assert_eq!(routing.chosen().unwrap().route == Route::Decode, decode);
                    any.dispatch(pass, weights, x, y, rows).unwrap();
                },
            );
        }
    }
}

#[test]
fn kernels_of_the_build_script_and_the_spec_file_run() {
    let gpu = gpu();
    let up = UpAtBuildTime::new(&gpu).unwrap();
    let shape = LayerShape {
        n: UpAtBuildTime::N,
        k: UpAtBuildTime::K,
        group_size: UpAtBuildTime::GROUP_SIZE,
    };
    agrees(
        &gpu,
        up.linear(),
        shape,
        true,
        Rows::One,
        |pass, weights, x, y| {
            up.dispatch(pass, weights, x, y, Rows::One).unwrap();
        },
    );
    let down = DownFromFile::new(&gpu).unwrap();
    let shape = LayerShape {
        n: DownFromFile::N,
        k: 200,
        group_size: DownFromFile::GROUP_SIZE,
    };
    for rows in [1, 20] {
        agrees(&gpu, down.linear(), shape, true, rows, |pass, weights, x, y| {
            down.dispatch(pass, weights, x, y, rows).unwrap();
        });
    }
}

#[test]
fn the_text_of_every_route_is_a_constant_of_the_type() {
    assert!(Up::DECODE_WGSL.starts_with("// coop4_w64_c8_g32_subgroup_k256\n"));
    assert!(Up::DECODE_WGSL_2.starts_with("// coop4_w64_c8_g32_shared_k256\n"));
    assert!(Up::PREFILL_WGSL.contains("const K: u32 = 256u;"));
    assert!(Up::FEW_WGSL.starts_with("// stream_r2_"));
    assert!(AnyLayer::PREFILL_WGSL.starts_with("// staged_"));
    assert!(AnyLayer::PREFILL_WGSL_4.starts_with("// gemm_64x64x8_t4x4_gx_ragged\n"));
    assert!(module::text().starts_with("// gemm_64x64x8_t4x4_g128_ragged_k50_nobias\n"));
    assert_eq!(local_kernel_name(), "Local");
}

#[test]
fn macro_and_build_script_are_two_callers_of_one_generator() {
    // The same K and group size; one asks for the tile that the other has behind the default.
    assert_eq!(UpAtBuildTime::FEW_WGSL, Up::FEW_WGSL);
    let texts = |kernel: &GeneratedKernel| {
        kernel
            .prefill
            .iter()
            .map(|variant| variant.wgsl.clone())
            .collect::<Vec<_>>()
    };
    let (built, written) = (texts(UpAtBuildTime::KERNEL), texts(Up::KERNEL));
    assert!(
        built.iter().any(|text| written.contains(text)),
        "{} and {} texts",
        built.len(),
        written.len()
    );
}
