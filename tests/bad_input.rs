//! Every mistake has its own error, which says what was given, what was expected and what to do.

use q4_kernel::{
    AdapterError, BufferError, Codebook, Decoding, DispatchError, Encoding, Gpu, GpuError, GpuOptions,
    LayerShape, Linear, Mismatch, Parts, Quantized, ReadBackError, Rows, ScaleFormat, Unserved, UploadError,
    WeightFormat,
    reference::samples::{Data, sample},
    standard, variant, wgpu,
};
use q4_kernel_codegen::{Format, KernelSpec, generate, types::Bias};
use q4_kernel_tests::{gpu, open};

const SHAPE: LayerShape = LayerShape {
    n: 12,
    k: 64,
    group_size: 32,
};

fn layer(shape: LayerShape, bias: bool) -> q4_kernel::Quantized<'static> {
    sample(1, shape, bias, Data::Exact).unwrap().layer
}

#[test]
fn weights_of_another_encoding_are_refused_and_never_multiplied_as_those_of_the_kernel() {
    let gpu = gpu();
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    for decoding in [
        Decoding::ZeroPoint(vec![7; 24].into()),
        Decoding::Minimum(vec![-1.0; 24].into()),
        Decoding::Codebook(Codebook::new([1.0; 16])),
    ] {
        let mismatch = Mismatch::Encoding {
            given: decoding.encoding(),
            expected: Encoding::Symmetric,
        };
        let layer = Quantized::new(Parts {
            shape: SHAPE,
            weight: vec![0; 12 * 32].into(),
            scales: vec![1.0; 24].into(),
            scale_format: ScaleFormat::F32,
            decoding,
            bias: None,
            input_order: None,
        })
        .unwrap();
        let refused = kernel.upload(&layer).unwrap_err();
        assert_eq!(refused, UploadError::Mismatch(mismatch));
        // Nor if they were uploaded through a kernel of their own.
        let own = Linear::of_format(&gpu, layer.format()).unwrap();
        assert_eq!(kernel.check(&own.upload(&layer).unwrap()), Err(mismatch));
    }
}

#[test]
fn minimums_that_the_scales_format_loses_are_refused() {
    let gpu = gpu();
    let format = WeightFormat {
        encoding: Encoding::Minimum,
        scales: ScaleFormat::F16,
    };
    let kernel = Linear::of_format(&gpu, format).unwrap();
    let layer = Quantized::new(Parts {
        shape: SHAPE,
        weight: vec![0; 12 * 32].into(),
        scales: vec![1.0; 24].into(),
        scale_format: ScaleFormat::F32,
        decoding: Decoding::Minimum(vec![1e6; 24].into()),
        bias: None,
        input_order: None,
    })
    .unwrap();
    let error = kernel.upload(&layer).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the minimum of group 0, column 0 is 1000000, which f16 does not hold"),
        "{error}"
    );
}

#[test]
fn weights_of_another_kernel_are_refused_at_upload_and_at_dispatch() {
    let gpu = gpu();
    let described = KernelSpec::new("Up", Format::q4gsw(32)).k(64).n(12);
    let kernel = Linear::new(&gpu, &generate(&described).unwrap()).unwrap();
    let any = Linear::new(&gpu, &standard()).unwrap();
    let wrong = [
        (LayerShape { k: 96, ..SHAPE }, "K", 96, 64),
        (LayerShape { n: 13, ..SHAPE }, "N", 13, 12),
        (
            LayerShape {
                group_size: 64,
                ..SHAPE
            },
            "group_size",
            64,
            32,
        ),
    ];
    for (shape, dimension, given, expected) in wrong {
        let mismatch = Mismatch::Dimension {
            dimension,
            given,
            expected,
        };
        assert_eq!(
            kernel.upload(&layer(shape, false)).unwrap_err(),
            UploadError::Mismatch(mismatch)
        );

        let weights = any.upload(&layer(shape, false)).unwrap();
        let (x, y) = (gpu.output(1024).unwrap(), gpu.output(1024).unwrap());
        let error = kernel.prepare(&weights, &x, &y, Rows::One).unwrap_err();
        assert_eq!(error, DispatchError::Mismatch(mismatch));
    }
    assert_eq!(
        Mismatch::Dimension {
            dimension: "K",
            given: 96,
            expected: 64
        }
        .to_string(),
        "the weights have K = 96, and the kernel is described for K = 64; \
         use weights of that layer, or leave K out of the description"
    );
}

#[test]
fn a_bias_that_is_not_expected_or_missing_is_refused() {
    let gpu = gpu();
    for (bias, given, error) in [
        (Bias::Never, true, Mismatch::UnexpectedBias),
        (Bias::Always, false, Mismatch::MissingBias),
    ] {
        let spec = KernelSpec::new("Up", Format::q4gsw(32)).bias(bias);
        let kernel = Linear::new(&gpu, &generate(&spec).unwrap()).unwrap();
        assert_eq!(
            kernel.upload(&layer(SHAPE, given)).unwrap_err(),
            UploadError::Mismatch(error)
        );
        assert!(kernel.upload(&layer(SHAPE, !given)).is_ok());
    }
}

#[test]
fn a_layer_that_a_forced_variant_does_not_serve_is_refused_with_the_rule() {
    let gpu = gpu();
    let kernel = Linear::only(&gpu, variant("coop4_w64_c4_gx_shared").unwrap()).unwrap();
    let error = kernel
        .upload(&layer(LayerShape { k: 63, ..SHAPE }, false))
        .unwrap_err();
    assert!(
        matches!(error, UploadError::Unserved(Unserved { m: 1, k: 63, .. })),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "no variant of the kernel serves M=1 with K=63 and group_size=32 on this device:\n  \
         `coop4_w64_c4_gx_shared`: it needs K % 8 == 0, and K is 63"
    );
    let weights = kernel.upload(&layer(SHAPE, false)).unwrap();
    let (x, y) = (gpu.output(1024).unwrap(), gpu.output(1024).unwrap());
    let error = kernel.prepare(&weights, &x, &y, 2).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("`coop4_w64_c4_gx_shared`: it multiplies one row, and M is 2"),
        "{error}"
    );
}

#[test]
fn operands_that_cannot_be_used_are_refused() {
    let gpu = gpu();
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let weights = kernel.upload(&layer(SHAPE, true)).unwrap();
    let (x, y) = (gpu.output(2 * 64).unwrap(), gpu.output(2 * 12).unwrap());
    let prepare =
        |x: &wgpu::Buffer, y: &wgpu::Buffer, rows: u32| kernel.prepare(&weights, x, y, rows).unwrap_err();

    assert_eq!(prepare(&x, &y, 0), DispatchError::NoRows);
    assert_eq!(
        prepare(&x, &y, 3),
        DispatchError::TooSmall {
            operand: "x",
            needed: 768,
            given: 512,
            rows: 3,
            columns: 64
        }
    );
    let short = gpu.output(23).unwrap();
    assert_eq!(
        prepare(&x, &short, 2),
        DispatchError::TooSmall {
            operand: "y",
            needed: 96,
            given: 92,
            rows: 2,
            columns: 12
        }
    );
    assert!(matches!(
        prepare(&x, &y, u32::MAX),
        DispatchError::TooSmall {
            needed: 1_099_511_627_520,
            ..
        }
    ));
    assert_eq!(prepare(&x, &x, 1), DispatchError::SameBuffer);
    let unusable = gpu.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 1024,
        usage: wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    assert_eq!(prepare(&unusable, &y, 1), DispatchError::Usage { operand: "x" });
    assert_eq!(prepare(&x, &unusable, 1), DispatchError::Usage { operand: "y" });
    let error = kernel.prepare(&weights, x.slice(8..), &y, 1).unwrap_err();
    assert_eq!(
        error,
        DispatchError::Alignment {
            operand: "x",
            offset: 8,
            alignment: 16
        }
    );
    assert_eq!(
        error.to_string(),
        "`x` starts at byte 8 of its buffer; it must start at a multiple of 16"
    );
    let half = kernel
        .prepare(&weights, x.slice(256..), y.slice(..48), 2)
        .unwrap_err();
    assert!(
        matches!(
            half,
            DispatchError::TooSmall {
                operand: "x",
                given: 256,
                ..
            }
        ),
        "a slice counts, not its buffer"
    );
}

#[test]
fn buffers_and_weights_of_another_device_are_refused() {
    let (gpu, other) = (gpu(), open(&GpuOptions::default()));
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let (x, y) = (gpu.output(64).unwrap(), gpu.output(12).unwrap());
    let foreign_weights = Linear::new(&other, &standard())
        .unwrap()
        .upload(&layer(SHAPE, false))
        .unwrap();
    assert_eq!(
        kernel.prepare(&foreign_weights, &x, &y, 1).unwrap_err(),
        DispatchError::OtherDevice
    );

    let weights = kernel.upload(&layer(SHAPE, false)).unwrap();
    let foreign_x = other.output(64).unwrap();
    let error = kernel.prepare(&weights, &foreign_x, &y, 1).unwrap_err();
    assert!(
        matches!(&error, DispatchError::Bind(reason) if reason.contains("doesn't match") || reason.contains("another device")),
        "{error}"
    );
}

#[test]
fn a_destroyed_buffer_is_an_error_and_no_panic() {
    let gpu = gpu();
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let weights = kernel.upload(&layer(SHAPE, false)).unwrap();
    let (x, y) = (gpu.output(64).unwrap(), gpu.output(12).unwrap());
    x.destroy();
    let error = kernel.prepare(&weights, &x, &y, 1).unwrap_err();
    assert!(
        matches!(&error, DispatchError::Bind(reason) if reason.contains("destroyed")),
        "{error}"
    );
}

#[test]
fn an_error_at_submit_is_no_panic_and_no_wrong_output() {
    let gpu = open(&GpuOptions::default());
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let weights = kernel.upload(&layer(SHAPE, false)).unwrap();
    let (x, y) = (gpu.output(64).unwrap(), gpu.output(12).unwrap());
    let call = kernel.prepare(&weights, &x, &y, 1).unwrap();
    x.destroy();
    let mut encoder = gpu
        .device()
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    call.record(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()));
    gpu.queue().submit([encoder.finish()]);
    let failure = gpu.failure().expect("a destroyed buffer was used").to_owned();
    assert!(failure.contains("destroyed"), "{failure}");
    assert_eq!(gpu.read(&y).unwrap_err(), ReadBackError::Failed(failure));
}

#[test]
fn a_lost_device_is_named_as_such() {
    let gpu = open(&GpuOptions::default());
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let weights = kernel.upload(&layer(SHAPE, false)).unwrap();
    let (x, y) = (gpu.output(64).unwrap(), gpu.output(12).unwrap());
    gpu.device().destroy();

    let lost = |error: &BufferError| matches!(error, BufferError::DeviceLost { .. });
    let UploadError::Buffer(error) = kernel.upload(&layer(SHAPE, false)).unwrap_err() else {
        panic!("no buffer")
    };
    assert!(lost(&error), "{error}");
    assert!(
        error
            .to_string()
            .ends_with("open it again and upload the weights anew"),
        "{error}"
    );
    assert!(lost(&gpu.input(&[1.0]).unwrap_err()));
    let DispatchError::Buffer(error) = kernel.prepare(&weights, &x, &y, 1).unwrap_err() else {
        panic!("no params")
    };
    assert!(lost(&error), "{error}");
    let error = gpu.read(&y).unwrap_err();
    assert!(
        matches!(
            error,
            ReadBackError::Buffer(BufferError::DeviceLost { .. }) | ReadBackError::Failed(_)
        ),
        "{error}"
    );
}

/// Runs itself again where the system grants little memory, on wgpu's back end that runs nothing but allocates like any other.
#[test]
#[cfg(target_os = "linux")]
fn memory_that_runs_out_is_named_as_such() {
    const CHILD: &str = "Q4_TEST_LITTLE_MEMORY";
    if std::env::var_os(CHILD).is_none() {
        let limited = "ulimit -v 1500000 && exec \"$0\" --exact memory_that_runs_out_is_named_as_such";
        let program = std::env::current_exe().unwrap();
        let child = std::process::Command::new("sh")
            .args(["-c", limited])
            .arg(program)
            .env(CHILD, "1")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && output.contains("1 passed"), "{output}");
        return;
    }
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::NOOP;
    descriptor.backend_options.noop.enable = true;
    let instance = wgpu::Instance::new(descriptor);
    let adapter =
        pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).unwrap();
    let required_limits = adapter.limits();
    let descriptor = wgpu::DeviceDescriptor {
        required_limits,
        ..wgpu::DeviceDescriptor::default()
    };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    let error = Gpu::from_wgpu(device, queue).output(500_000_000).unwrap_err();
    assert_eq!(error, BufferError::OutOfMemory { bytes: 2_000_000_000 });
    assert_eq!(
        error.to_string(),
        "the device has no memory for a buffer of 2000000000 bytes; free something, or use a device with more memory"
    );
}

#[test]
fn a_buffer_beyond_the_limit_is_refused_before_the_driver_sees_it() {
    let gpu = gpu();
    let limit = gpu.capabilities().max_buffer_bytes;
    let error = gpu.output(usize::MAX / 8).unwrap_err();
    assert!(
        matches!(error, BufferError::TooLarge { limit: named, .. } if named == limit),
        "{error}"
    );
}

#[test]
fn reading_a_buffer_that_cannot_be_copied_from_is_refused() {
    let gpu = gpu();
    assert_eq!(
        gpu.read(&gpu.input(&[1.0]).unwrap()).unwrap_err(),
        ReadBackError::Usage
    );
}

#[test]
fn an_adapter_that_does_not_exist_is_refused_with_those_that_do() {
    let options = GpuOptions {
        adapter: Some("no such adapter".to_owned()),
        ..GpuOptions::default()
    };
    let Err(GpuError::Adapter(AdapterError::Unknown { wanted, found })) = Gpu::open(&options) else {
        panic!("there is no such adapter");
    };
    assert_eq!(wanted, "no such adapter");
    assert!(!found.is_empty());
}
