//! Devices with narrow limits run the same layers: split, folded, or refused with a reason.

use q4_kernel::{
    DispatchError, Feature, Gpu, GpuOptions, KernelError, LayerShape, Linear, Shape, Unmet, UploadError,
    Variant,
    conformance::{Case, Placement, check},
    reference::samples::{Data, sample},
    standard, variant,
};
use q4_kernel_tests::{gpu, open};

/// A device like that of the other tests, with some limits changed.
fn with_limits(change: impl FnOnce(&mut q4_kernel::wgpu::Limits)) -> Gpu {
    let mut limits = gpu().device().limits();
    change(&mut limits);
    open(&GpuOptions {
        limits: Some(limits),
        ..GpuOptions::default()
    })
}

fn agrees(kernel: &Linear, shape: Shape, placement: Placement) {
    for (bias, data) in [(true, Data::Exact), (false, Data::Random { seed: 3 })] {
        let outcome = check(
            kernel,
            &Case {
                shape,
                bias,
                data,
                placement,
            },
        )
        .unwrap();
        assert!(outcome.agrees(), "{shape} {placement:?}: {outcome:?}");
    }
}

/// Chunks of the layer, and grids of a multiplication of `m` rows.
fn pieces(kernel: &Linear, shape: Shape) -> (usize, usize) {
    let Shape { m, n, k, group_size } = shape;
    let layer = sample(m, LayerShape { n, k, group_size }, true, Data::Exact)
        .unwrap()
        .layer;
    let weights = kernel.upload(&layer).unwrap();
    let gpu = kernel.gpu();
    let x = gpu.output((m * k) as usize).unwrap();
    let y = gpu.output((m * n) as usize).unwrap();
    (
        weights.chunks(),
        kernel.prepare(&weights, &x, &y, m).unwrap().grids().len(),
    )
}

#[test]
fn a_layer_larger_than_a_binding_is_split_over_n_and_m() {
    let gpu = with_limits(|limits| {
        limits.max_storage_buffer_binding_size = 8192;
        limits.min_storage_buffer_offset_alignment = 256;
    });
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    // Weights of 128 bytes a column make 64 columns a chunk. Rows of 1332 bytes make 6 rows of output a window, and
    // every window starts at another offset.
    let shape = Shape {
        m: 33,
        n: 333,
        k: 256,
        group_size: 32,
    };
    assert_eq!(pieces(&kernel, shape), (6, 6 * 6));
    for placement in [Placement::Aligned, Placement::Unaligned] {
        agrees(&kernel, shape, placement);
        agrees(&kernel, Shape { m: 1, ..shape }, placement);
        // Neither whole words nor whole groups.
        agrees(
            &kernel,
            Shape {
                m: 9,
                k: 251,
                group_size: 20,
                ..shape
            },
            placement,
        );
    }
}

#[test]
fn chunks_narrower_than_a_block_of_columns_still_agree() {
    let gpu = with_limits(|limits| limits.max_storage_buffer_binding_size = 4096);
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    // 300 bytes a column: 13 columns a chunk, which no vector width divides.
    for m in [1, 2] {
        let shape = Shape {
            m,
            n: 50,
            k: 600,
            group_size: 600,
        };
        assert_eq!(pieces(&kernel, shape).0, 4);
        agrees(&kernel, shape, Placement::Unaligned);
    }
}

#[test]
fn grids_beyond_the_limit_are_folded_strided_or_split() {
    let gpu = with_limits(|limits| limits.max_compute_workgroups_per_dimension = 3);
    let names = [
        "coop4_w32_c1_g32_shared",
        "coop4_w64_c8_gx_shared",
        "gemm_4x256x8_t4x4_g32",
        "gemm_32x32x8_t4x4_g32_ragged",
    ];
    for name in names {
        let variant: &Variant = variant(name).unwrap();
        let kernel = Linear::only(&gpu, variant).unwrap();
        let rows: &[u32] = if name.starts_with("coop4") {
            &[1]
        } else {
            &[1, 5, 41, 200]
        };
        for &m in rows {
            agrees(
                &kernel,
                Shape {
                    m,
                    n: 271,
                    k: 64,
                    group_size: 32,
                },
                Placement::Unaligned,
            );
        }
    }
    let kernel = Linear::only(&gpu, variant("gemm_32x32x8_t4x4_g32").unwrap()).unwrap();
    let shape = Shape {
        m: 200,
        n: 271,
        k: 64,
        group_size: 32,
    };
    assert_eq!(
        pieces(&kernel, shape),
        (1, 7),
        "9 tiles are one row of tiles here: 32 rows at a time"
    );

    let wide = Shape {
        m: 2,
        n: 32 * 9 + 1,
        k: 64,
        group_size: 32,
    };
    let case = Case {
        shape: wide,
        bias: false,
        data: Data::Exact,
        placement: Placement::Aligned,
    };
    let error = check(&kernel, &case).unwrap_err();
    assert_eq!(
        error.to_string(),
        "10 workgroups of 32 x 32 outputs cannot be folded into two dimensions of 3; \
         use a larger tile or a device with a larger max_compute_workgroups_per_dimension"
    );
}

#[test]
fn a_column_or_row_beyond_any_split_is_refused_with_its_size() {
    let gpu = with_limits(|limits| limits.max_storage_buffer_binding_size = 4096);
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let layer = |n, k| {
        sample(1, LayerShape { n, k, group_size: 32 }, false, Data::Exact)
            .unwrap()
            .layer
    };
    let error = kernel.upload(&layer(1, 8200)).unwrap_err();
    assert_eq!(
        error,
        UploadError::ColumnTooLarge {
            k: 8200,
            bytes: 257 * 4 * 4,
            limit: 4096
        }
    );

    let weights = kernel.upload(&layer(8, 1024)).unwrap();
    let (x, y) = (gpu.output(1024).unwrap(), gpu.output(8).unwrap());
    let error = kernel.prepare(&weights, &x, &y, 1).unwrap_err();
    assert_eq!(
        error,
        DispatchError::RowTooLarge {
            operand: "x",
            columns: 1024,
            limit: 4096
        }
    );
}

#[test]
fn without_subgroups_the_shared_reduction_takes_over() {
    let gpu = open(&GpuOptions {
        without: vec![Feature::Subgroup],
        ..GpuOptions::default()
    });
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let shape = Shape {
        m: 1,
        n: 19,
        k: 4096,
        group_size: 32,
    };
    let routing = kernel.route(shape);
    assert_eq!(routing.variant(), "stream_w256_c4_g32_shared");
    assert!(
        routing.to_string().contains(
            "decode: `stream_w256_c4_g32_subgroup` is ruled out: it needs the feature SUBGROUP, \
             which the device lacks or did not enable"
        ),
        "{routing}"
    );
    agrees(&kernel, shape, Placement::Aligned);
}

#[test]
fn a_device_that_runs_no_variant_says_what_is_missing() {
    let gpu = with_limits(|limits| {
        limits.max_compute_invocations_per_workgroup = 64;
        limits.max_compute_workgroup_size_x = 64;
    });
    let tile = variant("gemm_64x64x16_t4x4_g32").unwrap();
    let error = Linear::only(&gpu, tile).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the device can run no prefill variant of `gemm_64x64x16_t4x4_g32`:\n  \
         `gemm_64x64x16_t4x4_g32`: it needs 256 invocations per workgroup, and the device allows 64\n\
         create the device with more features or higher limits, or describe the kernel with smaller tiles"
    );
    let small = Linear::only(&gpu, variant("gemm_32x32x8_t4x4_g32").unwrap()).unwrap();
    agrees(
        &small,
        Shape {
            m: 5,
            n: 19,
            k: 64,
            group_size: 32,
        },
        Placement::Aligned,
    );
}

#[test]
fn a_device_that_binds_too_few_buffers_says_so() {
    let gpu = with_limits(|limits| limits.max_storage_buffers_per_shader_stage = 4);
    let Err(KernelError::NoVariant { unmet, .. }) = Linear::new(&gpu, &standard()) else {
        panic!("five storage buffers cannot be bound");
    };
    assert!(
        unmet.iter().all(|(_, unmet)| *unmet
            == Unmet::StorageBuffers {
                needed: 5,
                allowed: 4
            }),
        "{unmet:?}"
    );
}

#[test]
fn too_little_workgroup_memory_is_noticed_before_the_driver_hangs() {
    let gpu = with_limits(|limits| limits.max_compute_workgroup_storage_size = 2048);
    let wide = variant("coop4_w256_c8_g32_shared").unwrap();
    assert_eq!(
        gpu.capabilities().check(wide),
        Err(Unmet::WorkgroupBytes {
            needed: 8192,
            allowed: 2048
        })
    );
    assert!(
        gpu.capabilities()
            .check(variant("coop4_w64_c8_g32_shared").unwrap())
            .is_ok()
    );
}
