//! Every variant of the catalogue agrees with float64, on every kind of shape that it serves.

use std::collections::BTreeSet;

use q4_kernel::{
    Configuration, Constraints, Coop4, Encoding, Gemm, Gemv, Geometry, Gpu, GpuOptions, GroupSize, Linear,
    NumericClass, RowsServed, ScaleFormat, ScaleLayout, ScaleOrder, Shape, Skinny, Variant, WeightFormat,
    catalogue,
    conformance::{Case, Placement, Prepared, check},
    reference::samples::Data,
    standard,
};
use q4_kernel_codegen::{generate_variant, render::Templates};
use q4_kernel_tests::{gpu, open};

/// One row, few rows, a tile, more than a tile; odd ones first.
const ROWS: [u32; 11] = [1, 2, 3, 4, 5, 7, 8, 17, 33, 64, 130];
/// Odd and prime, smaller and larger than any block of columns and any tile.
const COLUMNS: [u32; 10] = [1, 67, 3, 131, 5, 13, 2, 257, 31, 64];
/// K and group sizes, in multiples of what a variant needs: small and odd, group sizes that do not divide K, that equal it, that exceed it.
const K_MULTIPLES: [u32; 7] = [1, 13, 3, 17, 5, 40, 2];
const GROUP_MULTIPLES: [u32; 5] = [1, 3, 2, 5, 64];
/// Cases of each number of rows.
const ROUNDS: usize = 3;
/// Cases of a variant that serves one row only.
const ONE_ROW_ROUNDS: usize = 20;

/// Shapes by rotation: every list is walked at its own length, so that its values meet in ever other combinations.
fn cases(constraints: Constraints) -> Vec<Case> {
    let rows: Vec<u32> = match constraints.rows {
        RowsServed::One => vec![1; ONE_ROW_ROUNDS],
        RowsServed::UpTo(most) => (0..ROUNDS).flat_map(|_| 1..=most).collect(),
        RowsServed::Any => (0..ROUNDS).flat_map(|_| ROWS).collect(),
    };
    (0..)
        .zip(rows)
        .map(|(turn, m)| {
            let pick = |list: &[u32]| list[turn % list.len()];
            let multiple = constraints.k_multiple;
            let k: u32 = match constraints.k_multiple {
                // Any K: prime, odd, even without whole words, whole words.
                1 => [7, 250, 1, 129, 50, 31, 64][turn % 7],
                _ => pick(&K_MULTIPLES) * multiple,
            };
            let k = k.min(constraints.k_most);
            let group_size = constraints.group_size.unwrap_or_else(|| match multiple {
                1 => [3, 20, 1, 32, 7][turn % 5],
                _ => pick(&GROUP_MULTIPLES) * multiple,
            });
            Case {
                shape: Shape {
                    m,
                    n: pick(&COLUMNS),
                    k,
                    group_size,
                },
                bias: turn % 2 == 0,
                data: if turn % 3 == 0 {
                    Data::Random { seed: turn as u64 }
                } else {
                    Data::Exact
                },
                placement: if turn % 4 < 2 {
                    Placement::Aligned
                } else {
                    Placement::Unaligned
                },
            }
        })
        .collect()
}

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

/// Drivers that have the matrices are few; the emulator has both sizes.
fn emulator() -> Gpu {
    open(&GpuOptions {
        adapter: Some("emulator".to_owned()),
        ..GpuOptions::default()
    })
}

#[test]
fn every_gemm_of_matrices_agrees_on_the_emulator() {
    every_case_agrees_on(&emulator(), |variant| {
        matches!(variant.configuration.geometry, Geometry::Matrix(_))
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
            Geometry::Matrix(_) | Geometry::SkinnyMatrix(_) | Geometry::HeldMatrix(_)
        )
    };
    let runs = |variant: &Variant| of_matrices(variant) && gpu.capabilities().check(variant).is_ok();
    if catalogue().iter().any(runs) {
        every_case_agrees(runs);
    }
}

/// The first variant of each family, with a constant group size and without: they stand for all.
fn one_of_each_family(gpu: &Gpu) -> Vec<&'static Variant> {
    let mut families = BTreeSet::new();
    let plain = |configuration: Configuration| configuration.weight_format() == WeightFormat::default();
    let chosen: Vec<_> = catalogue()
        .iter()
        .filter(|variant| {
            let configuration = variant.configuration;
            let kind = (
                configuration.geometry.family(),
                configuration.group_size == GroupSize::Runtime,
                configuration.constraints().k_multiple == 1,
                configuration.numeric.name(),
            );
            plain(configuration)
                && configuration.scales == ScaleLayout::default()
                && gpu.capabilities().check(variant).is_ok()
                && families.insert(kind)
        })
        .collect();
    assert!(families.len() >= 16, "{families:?}");
    chosen
}

fn agrees_with_weights_of(encoding: Encoding) {
    let gpu = emulator();
    let templates = Templates::embedded().unwrap();
    let mut wrong = Vec::new();
    for variant in one_of_each_family(&gpu) {
        let integers = variant.configuration.numeric == NumericClass::Int8Activations;
        if encoding == Encoding::Codebook && integers {
            continue;
        }
        for format in ScaleFormat::ALL {
            for order in ScaleOrder::ALL {
                let scales = ScaleLayout { format, order };
                let configuration = Configuration {
                    encoding,
                    scales,
                    ..variant.configuration
                };
                if !configuration.weight_format().exists() {
                    continue;
                }
                let other = generate_variant(&templates, &configuration).unwrap();
                let kernel = Linear::only(&gpu, &other).unwrap();
                for case in cases(configuration.constraints()).into_iter().take(4) {
                    let outcome =
                        check(&kernel, &case).unwrap_or_else(|error| panic!("{}: {error}", other.name));
                    if !outcome.agrees() {
                        wrong.push(format!("{} {case:?}: {outcome:?}", other.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_family_multiplies_by_symmetric_weights_with_scales_of_every_layout() {
    agrees_with_weights_of(Encoding::Symmetric);
}

#[test]
fn every_family_multiplies_by_weights_with_zero_points() {
    agrees_with_weights_of(Encoding::ZeroPoint);
}

#[test]
fn every_family_multiplies_by_weights_with_minimums() {
    agrees_with_weights_of(Encoding::Minimum);
}

#[test]
fn every_family_multiplies_by_weights_of_a_codebook() {
    agrees_with_weights_of(Encoding::Codebook);
}

#[test]
fn weights_of_any_format_and_shape_have_a_kernel_for_every_number_of_rows() {
    let gpu = gpu();
    for encoding in Encoding::ALL {
        for scales in ScaleFormat::ALL {
            let format = WeightFormat { encoding, scales };
            if !format.exists() {
                continue;
            }
            let kernel = Linear::of_format(&gpu, format).unwrap();
            for (k, group_size) in [(256, 32), (256, 16), (250, 32), (96, 20)] {
                for m in [1, 3, 40] {
                    let shape = Shape {
                        m,
                        n: 29,
                        k,
                        group_size,
                    };
                    let case = Case {
                        shape,
                        bias: m == 3,
                        data: Data::Random {
                            seed: u64::from(k + m),
                        },
                        placement: Placement::Unaligned,
                    };
                    let outcome = Prepared::of_format(format, &case).unwrap().run(&kernel).unwrap();
                    assert!(outcome.agrees(), "{format}: {shape}: {outcome:?}");
                }
            }
        }
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
