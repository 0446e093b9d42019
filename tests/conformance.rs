//! Every variant of the catalogue agrees with float64, on every kind of shape that it serves.

use q4_kernel::{
    Coop4, Gemm, Gemv, Geometry, Gpu, GpuOptions, Linear, Shape, Skinny, Variant, catalogue,
    conformance::{Case, Placement, check},
    reference::samples::Data,
    standard,
};
use q4_kernel_tests::{cases, emulator, gpu, open};

fn every_case_agrees(chosen: impl Fn(&Variant) -> bool) {
    every_case_agrees_on(&gpu(), chosen);
}

fn every_case_agrees_on(gpu: &Gpu, chosen: impl Fn(&Variant) -> bool) {
    let mut failures = Vec::new();
    let mut run = 0;
    for variant in catalogue().iter().filter(|variant| chosen(variant)) {
        if let Err(unmet) = gpu.capabilities().check(variant) {
            eprintln!("not run on this device: `{}`, {unmet}", variant.name);
            continue;
        }
        let kernel = Linear::only(gpu, variant).unwrap();
        for case in cases(variant.configuration.constraints()) {
            let outcome = check(&kernel, &case).unwrap_or_else(|error| panic!("{case:?}: {error}"));
            assert_eq!(outcome.variant, variant.name, "the variant was forced");
            run += 1;
            if !outcome.agrees() {
                failures.push(format!("{} {case:?}: {outcome:?}", variant.name));
            }
        }
    }
    assert!(run > 0, "nothing was run");
    assert!(
        failures.is_empty(),
        "{} of {run} cases:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn every_coop4_variant_with_shared_reduction_agrees() {
    every_case_agrees(|variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Coop4(Coop4 {
                reduction: q4_kernel::Reduction::Shared,
                ..
            })
        )
    });
}

#[test]
fn every_coop4_variant_with_subgroup_reduction_agrees() {
    every_case_agrees(|variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Coop4(Coop4 {
                reduction: q4_kernel::Reduction::Subgroup,
                ..
            })
        )
    });
}

#[test]
fn every_gemv_variant_with_shared_reduction_agrees() {
    every_case_agrees(|variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Gemv(Gemv {
                reduction: q4_kernel::Reduction::Shared,
                ..
            })
        )
    });
}

#[test]
fn every_gemv_variant_with_subgroup_reduction_agrees() {
    every_case_agrees(|variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Gemv(Gemv {
                reduction: q4_kernel::Reduction::Subgroup,
                ..
            })
        )
    });
}

#[test]
fn every_stream_variant_agrees() {
    every_case_agrees(|variant| matches!(variant.configuration.geometry, Geometry::Stream(_)));
}

#[test]
fn every_skinny_variant_with_shared_reduction_agrees() {
    every_case_agrees(|variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Skinny(Skinny {
                reduction: q4_kernel::Reduction::Shared,
                ..
            })
        )
    });
}

#[test]
fn every_skinny_variant_with_subgroup_reduction_agrees() {
    every_case_agrees(|variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Skinny(Skinny {
                reduction: q4_kernel::Reduction::Subgroup,
                ..
            })
        )
    });
}

#[test]
fn every_aligned_gemm_variant_agrees() {
    every_case_agrees(|variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Gemm(Gemm {
                alignment: q4_kernel::KAlignment::Aligned,
                ..
            })
        )
    });
}

#[test]
fn every_ragged_gemm_variant_agrees() {
    every_case_agrees(|variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Gemm(Gemm {
                alignment: q4_kernel::KAlignment::Ragged,
                ..
            })
        )
    });
}

#[test]
fn every_staged_gemm_agrees() {
    every_case_agrees(|variant| matches!(variant.configuration.geometry, Geometry::Staged(_)));
}

#[test]
fn every_gemm_of_matrices_agrees_on_the_emulator() {
    every_case_agrees_on(&emulator(), |variant| {
        matches!(variant.configuration.geometry, Geometry::Matrix(_))
    });
}

#[test]
fn every_gemm_of_panels_agrees_on_the_emulator() {
    every_case_agrees_on(&emulator(), |variant| {
        matches!(variant.configuration.geometry, Geometry::PanelMatrix(_))
    });
}

#[test]
fn every_kernel_of_matrices_for_a_few_rows_agrees_on_the_emulator() {
    every_case_agrees_on(&emulator(), |variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::SkinnyMatrix(_) | Geometry::HeldMatrix(_)
        )
    });
}

#[test]
fn every_kernel_of_matrices_that_the_device_has_agrees() {
    let gpu = gpu();
    let of_matrices = |variant: &Variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Matrix(_)
                | Geometry::SkinnyMatrix(_)
                | Geometry::HeldMatrix(_)
                | Geometry::PanelMatrix(_)
        )
    };
    let runs = |variant: &Variant| of_matrices(variant) && gpu.capabilities().check(variant).is_ok();
    if catalogue().iter().any(runs) {
        every_case_agrees(runs);
    }
}

#[test]
fn kernels_that_keep_their_checks_return_the_same() {
    let gpu = gpu();
    let checked = open(&GpuOptions {
        checked: true,
        ..GpuOptions::default()
    });
    for variant in [
        "coop4_w64_c4_g32_shared",
        "coop4_w64_c4_g32_subgroup",
        "gemm_64x64x16_t4x4_g32",
        "gemm_4x64x8_t1x2_gx_ragged",
    ] {
        let variant = q4_kernel::variant(variant).unwrap();
        if gpu.capabilities().check(variant).is_err() {
            continue;
        }
        assert!(
            gpu.runs_unchecked(variant) && !checked.runs_unchecked(variant),
            "{}",
            variant.name
        );
        let kernel = Linear::only(&checked, variant).unwrap();
        for case in cases(variant.configuration.constraints()) {
            let outcome = check(&kernel, &case).unwrap();
            assert!(outcome.agrees(), "{} {case:?}: {outcome:?}", variant.name);
        }
    }
}

#[test]
fn a_text_that_was_not_verified_keeps_its_checks() {
    let gpu = gpu();
    let verified = q4_kernel::variant("coop4_w64_c4_g32_shared").unwrap();
    let text = verified
        .wgsl
        .replace("// Lanes per workgroup.", "// Lanes of a workgroup.");
    assert!(!gpu.runs_unchecked(&Variant {
        wgsl: text.into(),
        ..verified.clone()
    }));
}

#[test]
fn long_sums_stay_within_tolerance() {
    let gpu = gpu();
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    for (m, n, k) in [
        (1, 61, 4096),
        (5, 61, 4096),
        (1, 37, 8192),
        (3, 37, 14_336),
        (1, 19, 32_768),
    ] {
        for data in [Data::Exact, Data::Random { seed: u64::from(k) }] {
            let shape = Shape {
                m,
                n,
                k,
                group_size: 32,
            };
            let outcome = check(
                &kernel,
                &Case {
                    shape,
                    bias: true,
                    data,
                    placement: Placement::Aligned,
                },
            )
            .unwrap();
            assert!(outcome.agrees(), "{shape} {data:?}: {outcome:?}");
        }
    }
}

#[test]
fn columns_beyond_the_largest_grid_are_reached_by_striding() {
    let gpu = gpu();
    let limit = gpu.capabilities().max_workgroups;
    let one_column = |variant: &&Variant| {
        matches!(
            variant.configuration.geometry,
            Geometry::Coop4(Coop4 {
                columns: 1,
                width: 32,
                ..
            })
        ) && gpu.capabilities().check(variant).is_ok()
    };
    for variant in catalogue().iter().filter(one_column) {
        let group_size = 32;
        let shape = Shape {
            m: 1,
            n: limit + 71,
            k: 8,
            group_size,
        };
        if variant.configuration.constraints().check(shape).is_err() {
            continue;
        }
        let kernel = Linear::only(&gpu, variant).unwrap();
        let case = Case {
            shape,
            bias: true,
            data: Data::Exact,
            placement: Placement::Aligned,
        };
        let outcome = check(&kernel, &case).unwrap();
        assert!(outcome.agrees(), "{}: {outcome:?}", variant.name);
    }
}

#[test]
fn the_routed_kernel_agrees_whatever_the_shape() {
    let gpu = gpu();
    let kernel = Linear::new(&gpu, &standard()).unwrap();
    let layers = [
        (64, 32),
        (4096, 128),
        (72, 24),
        (2050, 32),
        (7, 7),
        (96, 20),
        (1, 1),
        (256, 4096),
    ];
    for (k, group_size) in layers {
        for m in 1..=17 {
            let shape = Shape {
                m,
                n: 29,
                k,
                group_size,
            };
            let case = Case {
                shape,
                bias: m == 2,
                data: Data::Exact,
                placement: Placement::Unaligned,
            };
            let outcome = check(&kernel, &case).unwrap();
            assert!(outcome.agrees(), "{shape}: {outcome:?}");
            let decode = m == 1 && k % 8 == 0 && group_size % 8 == 0;
            let few = (2..=16).contains(&m) && k % 32 == 0 && group_size % 32 == 0;
            let families: &[&str] = match (decode, few) {
                (true, _) => &["stream", "gemv", "coop4"],
                (_, true) if m <= 4 => &["stream_r"],
                (_, true) => &["skinny"],
                _ => &["staged", "gemm"],
            };
            assert!(
                families.iter().any(|family| outcome.variant.starts_with(family)),
                "{shape} ran {}",
                outcome.variant
            );
            assert_eq!(
                kernel.route(shape).variant(),
                outcome.variant,
                "what route() says is what runs"
            );
        }
    }
}
