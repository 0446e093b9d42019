//! Dispatches cost nothing that was not asked for, and several of them do not disturb each other.

use std::{fs, sync::Arc};

use q4_kernel::{
    Call, Decoding, Encoding, Gpu, GpuOptions, LayerShape, Linear, Parts, PipelineCacheDir, Quantized, Rows,
    ScaleFormat, Shape, WeightFormat, Weights, conformance, reference,
    reference::samples::{Data, Sample, sample, sample_of},
    standard, variant, wgpu,
};
use q4_kernel_tests::{gpu, open};

const SHAPE: LayerShape = LayerShape {
    n: 75,
    k: 128,
    group_size: 32,
};

fn layer(m: u32, seed: u64) -> Sample {
    sample(m, SHAPE, true, Data::Random { seed }).unwrap()
}

fn in_one_pass(gpu: &Gpu, record: impl FnOnce(&mut wgpu::ComputePass<'_>)) {
    let mut encoder = gpu
        .device()
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    record(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()));
    gpu.queue().submit([encoder.finish()]);
}

fn assert_agrees(expected: &[f64], got: &[f32]) {
    let tolerance = q4_kernel::NumericClass::Exact.tolerance(SHAPE.k);
    let comparison = reference::compare(expected, got, SHAPE.n as usize, tolerance);
    assert!(comparison.agrees(), "{comparison:?}");
}

#[test]
fn dispatches_of_different_rows_share_a_pass_without_disturbing_each_other() {
    let gpu = gpu();
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let weights = kernel.upload(&layer(1, 1).layer).unwrap();
    let samples: Vec<Sample> = [1, 5, 2, 33].into_iter().map(|m| layer(m, 1)).collect();
    let buffers: Vec<_> = samples
        .iter()
        .map(|Sample { x, .. }| {
            let rows = x.len() / SHAPE.k as usize;
            (
                gpu.input(x).unwrap(),
                gpu.output(rows * SHAPE.n as usize).unwrap(),
                rows as u32,
            )
        })
        .collect();
    in_one_pass(&gpu, |pass| {
        for (x, y, rows) in &buffers {
            kernel.dispatch(pass, &weights, x, y, *rows).unwrap();
        }
    });
    for (Sample { x, .. }, (_, y, _)) in samples.iter().zip(&buffers) {
        assert_agrees(&reference::linear(x, &layer(1, 1).layer), &gpu.read(y).unwrap());
    }
}

#[test]
fn inputs_are_put_in_the_order_that_weights_are_stored_in() {
    let gpu = gpu();
    let kernel = Linear::of_format(&gpu, WeightFormat::default()).unwrap();
    let Sample { layer, .. } = layer(1, 5);
    // Coprime with K: every feature once.
    let order: Vec<u32> = (0..SHAPE.k).map(|k| k * 37 % SHAPE.k).collect();
    let ordered = Quantized::new(Parts {
        shape: SHAPE,
        weight: layer.weight().into(),
        scales: layer.scales().into(),
        scale_format: ScaleFormat::F32,
        decoding: Decoding::Symmetric,
        bias: layer.bias().map(Into::into),
        input_order: Some(order.into()),
    })
    .unwrap();
    let weights = kernel.upload(&ordered).unwrap();
    let samples: Vec<Sample> = [1, 33, 2, 17, 1]
        .into_iter()
        .zip(7..)
        .map(|(m, seed)| self::layer(m, seed))
        .collect();
    let buffers: Vec<_> = samples
        .iter()
        .map(|Sample { x, .. }| {
            let rows = x.len() / SHAPE.k as usize;
            let output = gpu.output(rows * SHAPE.n as usize).unwrap();
            (gpu.input(x).unwrap(), output, rows as u32)
        })
        .collect();
    // In one pass, so that all of them share what holds the inputs in order.
    in_one_pass(&gpu, |pass| {
        for (x, y, rows) in &buffers {
            kernel.dispatch(pass, &weights, x, y, *rows).unwrap();
        }
    });
    for (Sample { x, .. }, (_, y, _)) in samples.iter().zip(&buffers) {
        let expected = reference::linear(x, &ordered);
        assert_agrees(&expected, &gpu.read(y).unwrap());
        assert_ne!(expected, reference::linear(x, &layer), "the order matters");
    }
}

/// The emulator, which has cooperative matrices; few devices do.
fn with_matrices() -> Gpu {
    open(&GpuOptions {
        adapter: Some("emulator".to_owned()),
        ..GpuOptions::default()
    })
}

/// A kernel that reads rounded inputs.
const ROUNDS: &str = "panel_matrix_128x128x64_x16_g32_m16_f16";

/// The same layer twice: the inputs of the second are put in order before anything else.
fn layers_in_either_order() -> [Quantized<'static>; 2] {
    // Coprime with K: every feature once.
    let order: Vec<u32> = (0..SHAPE.k).map(|k| k * 37 % SHAPE.k).collect();
    [None, Some(order)].map(|order| {
        let Sample { layer, .. } = layer(1, 5);
        Quantized::new(Parts {
            shape: SHAPE,
            weight: layer.weight().to_vec().into(),
            scales: layer.scales().to_vec().into(),
            scale_format: ScaleFormat::F32,
            decoding: Decoding::Symmetric,
            bias: layer.bias().map(|bias| bias.to_vec().into()),
            input_order: order.map(Into::into),
        })
        .unwrap()
    })
}

fn assert_agrees_rounded(x: &[f32], layer: &Quantized<'_>, got: &[f32]) {
    let tolerance = variant(ROUNDS).unwrap().configuration.tolerance(SHAPE.k);
    let (expected, products) = (reference::linear(x, layer), reference::products(x, layer));
    let comparison = reference::compare_rounded(&expected, &products, got, SHAPE.n as usize, tolerance);
    assert!(comparison.agrees(), "{comparison:?}");
}

#[test]
fn layers_share_what_holds_rounded_inputs_without_disturbing_each_other() {
    let gpu = with_matrices();
    let kernel = Linear::only(&gpu, variant(ROUNDS).unwrap()).unwrap();
    let layers = layers_in_either_order();
    let weights = layers.each_ref().map(|layer| kernel.upload(layer).unwrap());
    let samples: Vec<Sample> = [3, 150, 17]
        .into_iter()
        .zip(7..)
        .map(|(m, seed)| layer(m, seed))
        .collect();
    let mut runs = Vec::new();
    for Sample { x, .. } in &samples {
        for (layer, weights) in layers.iter().zip(&weights) {
            let rows = x.len() / SHAPE.k as usize;
            let output = gpu.output(rows * SHAPE.n as usize).unwrap();
            runs.push((x, layer, weights, gpu.input(x).unwrap(), output, rows as u32));
        }
    }
    in_one_pass(&gpu, |pass| {
        for (_, _, weights, x, y, rows) in &runs {
            kernel.dispatch(pass, weights, x, y, *rows).unwrap();
        }
    });
    for (x, layer, _, _, y, _) in &runs {
        assert_agrees_rounded(x, layer, &gpu.read(y).unwrap());
    }
    assert_eq!(gpu.failure(), None);
}

#[test]
fn multiplications_of_the_same_inputs_are_recorded_together_without_disturbing_each_other() {
    let gpu = with_matrices();
    let kernel = Linear::only(&gpu, variant(ROUNDS).unwrap()).unwrap();
    let layers = layers_in_either_order();
    let weights = layers.each_ref().map(|layer| kernel.upload(layer).unwrap());
    let samples = [layer(17, 7), layer(17, 8)];
    let inputs = samples.each_ref().map(|Sample { x, .. }| gpu.input(x).unwrap());
    // Inputs and layers: the same again, in another order, of other inputs, and of the first ones, where others have lain since.
    let runs: Vec<_> = [(0, 0), (0, 0), (0, 1), (1, 0), (0, 0), (0, 1)]
        .into_iter()
        .map(|(input, layer): (usize, usize)| (input, layer, gpu.output(17 * SHAPE.n as usize).unwrap()))
        .collect();
    let calls: Vec<_> = runs
        .iter()
        .map(|(input, layer, y)| {
            kernel
                .prepare(&weights[*layer], &inputs[*input], y, 17_u32)
                .unwrap()
        })
        .collect();
    in_one_pass(&gpu, |pass| Call::record_all(&calls, pass));
    for (input, layer, y) in &runs {
        assert_agrees_rounded(&samples[*input].x, &layers[*layer], &gpu.read(y).unwrap());
    }
    assert_eq!(gpu.failure(), None);
}

#[test]
fn weights_of_another_encoding_are_refused_with_what_to_write() {
    let gpu = gpu();
    let format = WeightFormat {
        encoding: Encoding::Minimum,
        scales: ScaleFormat::F16,
    };
    let Sample { layer, .. } = sample_of(format, 1, SHAPE, false, Data::Random { seed: 1 }).unwrap();
    let error = Linear::new(&gpu, &standard())
        .unwrap()
        .upload(&layer)
        .unwrap_err();
    assert!(error.to_string().contains("`format: minimum { .. }`"), "{error}");
    let kernel = Linear::of_format(&gpu, layer.format()).unwrap();
    let weights = kernel.upload(&layer).unwrap();
    assert_eq!(
        (weights.encoding(), weights.scales().format),
        (Encoding::Minimum, ScaleFormat::F16)
    );
}

#[test]
fn one_row_known_at_compile_time_is_the_same_dispatch() {
    let gpu = gpu();
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let weights = kernel.upload(&layer(1, 2).layer).unwrap();
    let (x, y) = (
        gpu.input(&layer(1, 2).x).unwrap(),
        gpu.output(SHAPE.n as usize).unwrap(),
    );
    let known = kernel.prepare(&weights, &x, &y, Rows::One).unwrap();
    let given = kernel.prepare(&weights, &x, &y, 1_u32).unwrap();
    assert!(Arc::ptr_eq(&known, &given));
    assert!(known.variant().starts_with("stream"));
}

/// Objects of wgpu that are alive on a device once it is idle: buffers, bind groups and compute pipelines.
fn objects(gpu: &Gpu) -> [isize; 3] {
    gpu.device().poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let counters = gpu.device().get_internal_counters().hal;
    [
        counters.buffers.read(),
        counters.bind_groups.read(),
        counters.compute_pipelines.read(),
    ]
}

#[test]
fn a_warm_dispatch_makes_no_object() {
    // A device of its own: the counters count those of other tests too.
    let gpu = open(&GpuOptions::default());
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let weights = kernel.upload(&layer(1, 3).layer).unwrap();
    let (x, y) = (
        gpu.input(&layer(4, 3).x).unwrap(),
        gpu.output(4 * SHAPE.n as usize).unwrap(),
    );
    let round = || {
        in_one_pass(&gpu, |pass| {
            [1, 4]
                .iter()
                .for_each(|rows| kernel.dispatch(pass, &weights, &x, &y, *rows).unwrap())
        })
    };
    round();
    let warm = objects(&gpu);
    assert!(
        warm.iter().all(|count| *count > 0),
        "the counters count: {warm:?}"
    );
    for _ in 0..10 {
        round();
    }
    assert_eq!(objects(&gpu), warm);
}

#[test]
fn kernels_of_the_same_text_share_their_pipelines() {
    let gpu = open(&GpuOptions::default());
    let layer = layer(1, 6).layer;
    let pipelines = |gpu: &Gpu| objects(gpu)[2];
    let first = Linear::new(&gpu, &standard()).unwrap();
    let _weights = first.upload(&layer).unwrap();
    let before = pipelines(&gpu);
    let second = Linear::new(&gpu, &standard()).unwrap();
    let _weights = second.upload(&layer).unwrap();
    let LayerShape { n, k, group_size } = SHAPE;
    let routed = first.route(Shape {
        m: 100,
        n,
        k,
        group_size,
    });
    let _forced = Linear::only(&gpu, variant(routed.variant()).unwrap()).unwrap();
    assert_eq!(pipelines(&gpu), before);
}

#[test]
fn pipelines_are_made_for_the_shapes_that_are_uploaded_and_never_by_a_dispatch_of_them() {
    let gpu = open(&GpuOptions::default());
    let pipelines = |gpu: &Gpu| objects(gpu)[2];
    // wgpu has some of its own.
    let others = pipelines(&gpu);
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    assert_eq!(pipelines(&gpu), others, "no shape is known");
    let weights = kernel.upload(&layer(1, 7).layer).unwrap();
    let uploaded = pipelines(&gpu);
    assert!(
        (1..8).contains(&(uploaded - others)),
        "{uploaded} of {} variants",
        standard().variants().count()
    );
    let (x, y) = (
        gpu.input(&layer(600, 7).x).unwrap(),
        gpu.output(600 * SHAPE.n as usize).unwrap(),
    );
    for rows in [1, 2, 3, 5, 8, 9, 16, 17, 32, 33, 64, 65, 256, 257, 600] {
        kernel.prepare(&weights, &x, &y, rows).unwrap();
    }
    assert_eq!(pipelines(&gpu), uploaded);
}

#[test]
fn kept_bind_groups_are_bounded_and_can_be_forgotten() {
    let gpu = open(&GpuOptions::default());
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let weights: Weights = kernel.upload(&layer(1, 4).layer).unwrap();
    let (x, y) = (
        gpu.input(&layer(200, 4).x).unwrap(),
        gpu.output(200 * SHAPE.n as usize).unwrap(),
    );
    let bind_groups = |gpu: &Gpu| objects(gpu)[1];
    let before = bind_groups(&gpu);
    for rows in 1..=200_u32 {
        kernel.prepare(&weights, &x, &y, rows).unwrap();
    }
    assert_eq!(bind_groups(&gpu) - before, 64);
    let first = kernel.prepare(&weights, &x, &y, 200_u32).unwrap();
    let again = kernel.prepare(&weights, &x, &y, 200_u32).unwrap();
    assert!(Arc::ptr_eq(&first, &again), "what was used last is kept");
    weights.forget_bindings();
    drop((first, again));
    assert_eq!(bind_groups(&gpu), before);
}

#[test]
fn slices_of_larger_buffers_are_operands() {
    let gpu = gpu();
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let Sample { x, layer } = layer(3, 5);
    let weights = kernel.upload(&layer).unwrap();
    let (x_buffer, y_buffer) = (gpu.input(&x).unwrap(), gpu.output(3 * SHAPE.n as usize).unwrap());
    let (x_row, y_row) = (u64::from(SHAPE.k) * 4, u64::from(SHAPE.n) * 4);
    in_one_pass(&gpu, |pass| {
        for row in 0..3 {
            let x = x_buffer.slice(row * x_row..(row + 1) * x_row);
            let y = y_buffer.slice(row * y_row..(row + 1) * y_row);
            kernel.dispatch(pass, &weights, x, y, Rows::One).unwrap();
        }
    });
    assert_agrees(&reference::linear(&x, &layer), &gpu.read(&y_buffer).unwrap());
}

#[test]
fn an_engine_keeps_its_own_device() {
    let theirs = gpu();
    let ours = Gpu::from_wgpu(theirs.device().clone(), theirs.queue().clone());
    let kernel = Linear::new(&ours, &standard()).unwrap();
    let shape = q4_kernel::Shape {
        m: 2,
        n: 9,
        k: 64,
        group_size: 32,
    };
    let case = conformance::Case {
        shape,
        bias: true,
        data: Data::Exact,
        placement: conformance::Placement::Aligned,
    };
    assert!(conformance::check(&kernel, &case).unwrap().agrees());
    // Buffers of the engine and weights uploaded through the other handle serve as well: it is the same device.
    let weights = Linear::new(&theirs, &standard())
        .unwrap()
        .upload(&layer(1, 6).layer)
        .unwrap();
    let (x, y) = (
        theirs.input(&layer(1, 6).x).unwrap(),
        theirs.output(SHAPE.n as usize).unwrap(),
    );
    assert!(kernel.prepare(&weights, &x, &y, Rows::One).is_ok());
}

#[test]
fn compiled_pipelines_are_kept_on_disk_and_damage_is_survived() {
    let dir = std::env::temp_dir().join(format!("q4-kernel-dispatch-{}", std::process::id()));
    let options = GpuOptions {
        pipeline_cache: PipelineCacheDir::Dir(dir.clone()),
        ..GpuOptions::default()
    };
    let gpu = open(&options);
    if !gpu.device().features().contains(wgpu::Features::PIPELINE_CACHE) {
        eprintln!("not tested on this device: it keeps no pipelines");
        return;
    }
    let files = || {
        fs::read_dir(&dir).map_or(Vec::new(), |files| {
            files.map(|file| file.unwrap().path()).collect()
        })
    };
    let layer = layer(1, 8).layer;
    let upload = |gpu: &Gpu| Linear::new(gpu, &standard()).unwrap().upload(&layer).unwrap();
    drop(upload(&gpu));
    assert!(files().is_empty(), "nothing is written while kernels are made");
    gpu.save_pipeline_cache().unwrap();
    let [file] = files().try_into().unwrap();
    let written = fs::read(&file).unwrap();

    // A device that finds a damaged file works, and puts a good one in its place when it is dropped.
    fs::write(&file, &written[..written.len() / 2]).unwrap();
    let other = open(&options);
    drop(upload(&other));
    drop(other);
    assert_eq!(fs::read(&file).unwrap().len(), written.len());
    drop(gpu);
    fs::remove_dir_all(&dir).unwrap();
}
