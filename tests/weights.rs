//! Every family agrees with float64 on weights of every encoding, with scales of every format and order.

use std::collections::BTreeSet;

use q4_kernel::{
    Configuration, Encoding, Gpu, GroupSize, Linear, NumericClass, ScaleFormat, ScaleLayout, ScaleOrder,
    Shape, Variant, WeightFormat, catalogue,
    conformance::{Case, Placement, Prepared, check},
    reference::samples::Data,
};
use q4_kernel_codegen::{generate_variant, render::Templates};
use q4_kernel_tests::{cases, emulator, gpu};

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
